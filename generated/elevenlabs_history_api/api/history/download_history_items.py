from http import HTTPStatus
from io import BytesIO
from typing import Any

import httpx

from ...client import AuthenticatedClient, Client
from ...models.download_refusal import DownloadRefusal
from ...models.download_request import DownloadRequest
from ...models.error_body import ErrorBody
from ...models.validation_errors import ValidationErrors
from ...types import File, Response


def _get_kwargs(
    *,
    body: DownloadRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/history/download",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> DownloadRefusal | ErrorBody | File | ValidationErrors:
    if response.status_code == 200:
        response_200 = File(payload=BytesIO(response.content))

        return response_200

    if response.status_code == 400:
        response_400 = DownloadRefusal.from_dict(response.json())

        return response_400

    if response.status_code == 422:
        response_422 = ValidationErrors.from_dict(response.json())

        return response_422

    response_default = ErrorBody.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[DownloadRefusal | ErrorBody | File | ValidationErrors]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: DownloadRequest,
) -> Response[DownloadRefusal | ErrorBody | File | ValidationErrors]:
    """Download history items

     One id is answered with one audio file, several ids with a zip archive of audio files.

    Args:
        body (DownloadRequest): Which items to download, and in which format.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DownloadRefusal | ErrorBody | File | ValidationErrors]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: DownloadRequest,
) -> DownloadRefusal | ErrorBody | File | ValidationErrors | None:
    """Download history items

     One id is answered with one audio file, several ids with a zip archive of audio files.

    Args:
        body (DownloadRequest): Which items to download, and in which format.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DownloadRefusal | ErrorBody | File | ValidationErrors
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: DownloadRequest,
) -> Response[DownloadRefusal | ErrorBody | File | ValidationErrors]:
    """Download history items

     One id is answered with one audio file, several ids with a zip archive of audio files.

    Args:
        body (DownloadRequest): Which items to download, and in which format.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DownloadRefusal | ErrorBody | File | ValidationErrors]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: DownloadRequest,
) -> DownloadRefusal | ErrorBody | File | ValidationErrors | None:
    """Download history items

     One id is answered with one audio file, several ids with a zip archive of audio files.

    Args:
        body (DownloadRequest): Which items to download, and in which format.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DownloadRefusal | ErrorBody | File | ValidationErrors
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
