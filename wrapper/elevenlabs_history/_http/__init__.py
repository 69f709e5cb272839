"""One HTTP exchange: authentication, retries, errors, requests and responses."""
