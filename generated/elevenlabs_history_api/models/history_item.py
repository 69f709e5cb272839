from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.alignments import Alignments
    from ..models.dialogue_line import DialogueLine
    from ..models.item_settings import ItemSettings


T = TypeVar("T", bound="HistoryItem")


@_attrs_define
class HistoryItem:
    """What the server knows of one generated clip."""

    history_item_id: str
    """ The id of the item. """
    date_unix: int
    """ When the item was made, in Unix seconds. """
    character_count_change_from: int
    """ The character counter of the workspace before the item. """
    character_count_change_to: int
    """ The character counter of the workspace after the item. """
    content_type: str
    """ The media type the server claims for the audio; a hint, not a proof. """
    state: None | str
    """ created, deleted, processing, or what comes next. """
    request_id: None | str | Unset = UNSET
    """ The id of the call that generated the item. """
    voice_id: None | str | Unset = UNSET
    """ The voice; empty for dialogue. """
    model_id: None | str | Unset = UNSET
    """ The model. """
    voice_name: None | str | Unset = UNSET
    """ The name of the voice when the item was made. """
    voice_category: None | str | Unset = UNSET
    """ premade, cloned, generated, professional, or what comes next. """
    text: None | str | Unset = UNSET
    """ The text that was spoken; empty for dialogue. """
    settings: ItemSettings | None | Unset = UNSET
    """ The voice settings in force. """
    share_link_id: None | str | Unset = UNSET
    """ The id of the share link. """
    source: None | str | Unset = UNSET
    """ The product that made the item, such as TTS, STS, Projects, Dubbing or ConvAI. """
    alignments: Alignments | None | Unset = UNSET
    """ When each character is spoken. """
    dialogue: list[DialogueLine] | None | Unset = UNSET
    """ The lines of a dialogue; then the text and the voice of the item are empty. """
    output_format: None | str | Unset = UNSET
    """ The format the audio was made in, such as mp3_44100_128 or pcm_24000; null on old items. """
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.alignments import Alignments  # noqa: PLC0415
        from ..models.item_settings import ItemSettings  # noqa: PLC0415

        history_item_id = self.history_item_id

        date_unix = self.date_unix

        character_count_change_from = self.character_count_change_from

        character_count_change_to = self.character_count_change_to

        content_type = self.content_type

        state: None | str
        state = self.state

        request_id: None | str | Unset
        if isinstance(self.request_id, Unset):
            request_id = UNSET
        else:
            request_id = self.request_id

        voice_id: None | str | Unset
        if isinstance(self.voice_id, Unset):
            voice_id = UNSET
        else:
            voice_id = self.voice_id

        model_id: None | str | Unset
        if isinstance(self.model_id, Unset):
            model_id = UNSET
        else:
            model_id = self.model_id

        voice_name: None | str | Unset
        if isinstance(self.voice_name, Unset):
            voice_name = UNSET
        else:
            voice_name = self.voice_name

        voice_category: None | str | Unset
        if isinstance(self.voice_category, Unset):
            voice_category = UNSET
        else:
            voice_category = self.voice_category

        text: None | str | Unset
        if isinstance(self.text, Unset):
            text = UNSET
        else:
            text = self.text

        settings: dict[str, Any] | None | Unset
        if isinstance(self.settings, Unset):
            settings = UNSET
        elif isinstance(self.settings, ItemSettings):
            settings = self.settings.to_dict()
        else:
            settings = self.settings

        share_link_id: None | str | Unset
        if isinstance(self.share_link_id, Unset):
            share_link_id = UNSET
        else:
            share_link_id = self.share_link_id

        source: None | str | Unset
        if isinstance(self.source, Unset):
            source = UNSET
        else:
            source = self.source

        alignments: dict[str, Any] | None | Unset
        if isinstance(self.alignments, Unset):
            alignments = UNSET
        elif isinstance(self.alignments, Alignments):
            alignments = self.alignments.to_dict()
        else:
            alignments = self.alignments

        dialogue: list[dict[str, Any]] | None | Unset
        if isinstance(self.dialogue, Unset):
            dialogue = UNSET
        elif isinstance(self.dialogue, list):
            dialogue = []
            for dialogue_type_0_item_data in self.dialogue:
                dialogue_type_0_item = dialogue_type_0_item_data.to_dict()
                dialogue.append(dialogue_type_0_item)

        else:
            dialogue = self.dialogue

        output_format: None | str | Unset
        if isinstance(self.output_format, Unset):
            output_format = UNSET
        else:
            output_format = self.output_format

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "history_item_id": history_item_id,
                "date_unix": date_unix,
                "character_count_change_from": character_count_change_from,
                "character_count_change_to": character_count_change_to,
                "content_type": content_type,
                "state": state,
            }
        )
        if request_id is not UNSET:
            field_dict["request_id"] = request_id
        if voice_id is not UNSET:
            field_dict["voice_id"] = voice_id
        if model_id is not UNSET:
            field_dict["model_id"] = model_id
        if voice_name is not UNSET:
            field_dict["voice_name"] = voice_name
        if voice_category is not UNSET:
            field_dict["voice_category"] = voice_category
        if text is not UNSET:
            field_dict["text"] = text
        if settings is not UNSET:
            field_dict["settings"] = settings
        if share_link_id is not UNSET:
            field_dict["share_link_id"] = share_link_id
        if source is not UNSET:
            field_dict["source"] = source
        if alignments is not UNSET:
            field_dict["alignments"] = alignments
        if dialogue is not UNSET:
            field_dict["dialogue"] = dialogue
        if output_format is not UNSET:
            field_dict["output_format"] = output_format

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.alignments import Alignments  # noqa: PLC0415
        from ..models.dialogue_line import DialogueLine  # noqa: PLC0415
        from ..models.item_settings import ItemSettings  # noqa: PLC0415

        d = dict(src_dict)
        history_item_id = d.pop("history_item_id")

        date_unix = d.pop("date_unix")

        character_count_change_from = d.pop("character_count_change_from")

        character_count_change_to = d.pop("character_count_change_to")

        content_type = d.pop("content_type")

        def _parse_state(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        state = _parse_state(d.pop("state"))

        def _parse_request_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        request_id = _parse_request_id(d.pop("request_id", UNSET))

        def _parse_voice_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        voice_id = _parse_voice_id(d.pop("voice_id", UNSET))

        def _parse_model_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        model_id = _parse_model_id(d.pop("model_id", UNSET))

        def _parse_voice_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        voice_name = _parse_voice_name(d.pop("voice_name", UNSET))

        def _parse_voice_category(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        voice_category = _parse_voice_category(d.pop("voice_category", UNSET))

        def _parse_text(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        text = _parse_text(d.pop("text", UNSET))

        def _parse_settings(data: object) -> ItemSettings | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                settings_item_settings = ItemSettings.from_dict(data)

                return settings_item_settings
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ItemSettings | None | Unset, data)

        settings = _parse_settings(d.pop("settings", UNSET))

        def _parse_share_link_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        share_link_id = _parse_share_link_id(d.pop("share_link_id", UNSET))

        def _parse_source(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        source = _parse_source(d.pop("source", UNSET))

        def _parse_alignments(data: object) -> Alignments | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                alignments_type_0 = Alignments.from_dict(data)

                return alignments_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Alignments | None | Unset, data)

        alignments = _parse_alignments(d.pop("alignments", UNSET))

        def _parse_dialogue(data: object) -> list[DialogueLine] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                dialogue_type_0 = []
                _dialogue_type_0 = data
                for dialogue_type_0_item_data in _dialogue_type_0:
                    dialogue_type_0_item = DialogueLine.from_dict(
                        dialogue_type_0_item_data
                    )

                    dialogue_type_0.append(dialogue_type_0_item)

                return dialogue_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[DialogueLine] | None | Unset, data)

        dialogue = _parse_dialogue(d.pop("dialogue", UNSET))

        def _parse_output_format(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        output_format = _parse_output_format(d.pop("output_format", UNSET))

        history_item = cls(
            history_item_id=history_item_id,
            date_unix=date_unix,
            character_count_change_from=character_count_change_from,
            character_count_change_to=character_count_change_to,
            content_type=content_type,
            state=state,
            request_id=request_id,
            voice_id=voice_id,
            model_id=model_id,
            voice_name=voice_name,
            voice_category=voice_category,
            text=text,
            settings=settings,
            share_link_id=share_link_id,
            source=source,
            alignments=alignments,
            dialogue=dialogue,
            output_format=output_format,
        )

        history_item.additional_properties = d
        return history_item

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
