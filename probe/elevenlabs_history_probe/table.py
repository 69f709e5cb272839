"""Every assumption about the server: what the probe asks, what docs/assumptions.md says, and which quirks there are."""

from . import archives, downloads, items, listing, refusals
from .findings import Assumption

_DELETING = "A probe deletes nothing."

ASSUMPTIONS: tuple[Assumption, ...] = (
    listing.large_pages,
    listing.stale_cursor,
    listing.filtered_pages,
    listing.overlapping_pages,
    listing.last_page,
    listing.date_filters,
    listing.equal_dates,
    listing.compression,
    items.state,
    items.optional_fields,
    items.unknown_fields,
    items.known_values,
    items.listed_alignments,
    items.listing_agrees,
    items.dialogue_alignments,
    downloads.no_format,
    downloads.default_format,
    downloads.wrong_format,
    downloads.wav,
    downloads.media_type,
    downloads.file_name,
    downloads.length,
    downloads.ranges,
    downloads.audio_agrees,
    downloads.missing_among_several,
    downloads.malformed_among_several,
    downloads.missing_alone,
    archives.names,
    archives.folders,
    archives.time_zone,
    archives.separator,
    archives.repeated_ids,
    archives.repeated_names,
    archives.compression_method,
    archives.data_descriptors,
    archives.zip64,
    archives.duplicates,
    archives.intruders,
    archives.member_order,
    refusals.error_shape,
    refusals.unknown_item_status,
    refusals.unknown_item_code,
    refusals.malformed_id,
    downloads.most_ids,
    refusals.busy_code,
    refusals.retry_after,
    Assumption(
        id="late_bytes",
        question="May bytes follow a response on its connection?",
        assumed="No.",
        handling="The HTTP library closes the connection if they come later. What comes in one piece with the response "
        "it takes for the next one, and nothing above it can tell.",
        why_not="It is about a fault, and asking does not cause it.",
    ),
    Assumption(
        id="alignments_end",
        question="May an alignment end after the audio?",
        assumed="Hardly.",
        handling="Half a second is accepted, because lengths in headers are not exact.",
        why_not="It takes the audio of many items.",
    ),
    Assumption(
        id="deleting_more",
        question="Does deleting an item remove more than the item: free regenerations, shared links, the stitching of "
        "later requests by `previous_request_ids`?",
        assumed="Unknown.",
        handling="`prune` can't tell. It deletes only what it is told to; try it on items that you need for nothing "
        "else.",
        why_not=_DELETING,
    ),
    Assumption(
        id="deleted_at_once",
        question="Is a deleted item gone at once?",
        assumed="Yes.",
        handling="`prune` asks for each item after its deletion. If the server still has it, that is a surprise, three "
        "of which end the run, and the next run asks again.",
        why_not=_DELETING,
    ),
)
"""In the order in which they are asked: what takes many requests comes last."""
