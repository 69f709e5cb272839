from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.alignment import Alignment


T = TypeVar("T", bound="Alignments")


@_attrs_define
class Alignments:
    """Character timings, for the text as written and as spoken."""

    alignment: Alignment | None | Unset = UNSET
    """ Timings for the text as written. """
    normalized_alignment: Alignment | None | Unset = UNSET
    """ Timings for the text as spoken, with numbers and abbreviations spelled out. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.alignment import Alignment  # noqa: PLC0415

        alignment: dict[str, Any] | None | Unset
        if isinstance(self.alignment, Unset):
            alignment = UNSET
        elif isinstance(self.alignment, Alignment):
            alignment = self.alignment.to_dict()
        else:
            alignment = self.alignment

        normalized_alignment: dict[str, Any] | None | Unset
        if isinstance(self.normalized_alignment, Unset):
            normalized_alignment = UNSET
        elif isinstance(self.normalized_alignment, Alignment):
            normalized_alignment = self.normalized_alignment.to_dict()
        else:
            normalized_alignment = self.normalized_alignment

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if alignment is not UNSET:
            field_dict["alignment"] = alignment
        if normalized_alignment is not UNSET:
            field_dict["normalized_alignment"] = normalized_alignment

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.alignment import Alignment  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_alignment(data: object) -> Alignment | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                alignment_type_0 = Alignment.from_dict(data)

                return alignment_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Alignment | None | Unset, data)

        alignment = _parse_alignment(d.pop("alignment", UNSET))

        def _parse_normalized_alignment(data: object) -> Alignment | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                normalized_alignment_type_0 = Alignment.from_dict(data)

                return normalized_alignment_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Alignment | None | Unset, data)

        normalized_alignment = _parse_normalized_alignment(
            d.pop("normalized_alignment", UNSET)
        )

        alignments = cls(
            alignment=alignment,
            normalized_alignment=normalized_alignment,
        )

        alignments.additional_properties = d
        return alignments

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
