"""Reading pages in tests: elements with their attributes and their text, without a browser."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


@dataclass
class Element:
    """An element of a page, with what is inside it."""

    tag: str
    attributes: dict[str, str | None]
    children: list["Element"] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        """An attribute's value. Raises KeyError where it has none."""
        value = self.attributes[name]
        return "" if value is None else value

    @property
    def text(self) -> str:
        """Everything that is read in it, with single blanks."""
        return " ".join(" ".join(self.texts).split())

    def find_all(self, tag: str | None = None, **attributes: str | None) -> list["Element"]:
        """Elements inside it of that tag whose attributes have these values (`class_` is one of its classes)."""
        wanted_class = attributes.pop("class_", None)
        found = []
        for child in self.children:
            classes = (child.attributes.get("class") or "").split()
            fits = (tag is None or child.tag == tag) and (wanted_class is None or wanted_class in classes)
            if fits and all(child.attributes.get(name, "") == value for name, value in attributes.items()):
                found.append(child)
            found += child.find_all(tag, class_=wanted_class, **attributes)
        return found

    def find(self, tag: str | None = None, **attributes: str | None) -> "Element":
        """The only such element."""
        found = self.find_all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} elements are <{tag}> {attributes}"
        return found[0]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Element("page", {})
        self._open = [self.page]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.texts.append(data)


def parse_page(html: str) -> Element:
    """The page as one element. Asserts that every tag is closed in order."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert builder._open == [builder.page], f"<{builder._open[-1].tag}> is never closed"
    return builder.page
