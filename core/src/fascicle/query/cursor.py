"""The state of a parse and its small moves, common to operators, operands and calls."""

from __future__ import annotations

from fascicle.errors import QueryError, QuerySyntaxError
from fascicle.model import CoreType, Heading
from fascicle.query.inference import infer
from fascicle.query.scalar import Column, Literal, Scalar
from fascicle.query.tokens import Token, locate, syntax_error, tokenize
from fascicle.query.typenames import FOLLOWERS, core_type


class Cursor:
    """Where a parse stands in its text."""

    __slots__ = ("at", "depth", "heading", "saw_aggregate", "text", "tokens")

    def __init__(self, text: str, heading: Heading) -> None:
        self.text = text
        self.heading = heading
        self.tokens = tokenize(text)
        self.at = 0
        self.depth = 0
        self.saw_aggregate = False

    def expression(self, floor: int = 0) -> Scalar:
        """Parse an expression whose operators all bind tighter than `floor`."""
        raise NotImplementedError

    def accept(self, word: str) -> bool:
        """Step over the word if it comes next."""
        if self.tokens[self.at].word == word:
            self.at += 1
            return True
        return False

    def expect(self, word: str, expected: str | None = None) -> Token:
        """Step over the word, which must come next."""
        token = self.tokens[self.at]
        if token.word != word:
            raise self.unexpected(token, expected or word)
        self.at += 1
        return token

    def unexpected(self, token: Token, expected: str) -> QuerySyntaxError:
        """Build the error for a word that cannot stand where it does."""
        if token.kind == "end":
            return syntax_error(self.text, token.start, "the text ends too early", expected=expected)
        shown = self.text[token.start : token.end]
        advice = None
        if token.word == "SELECT":
            advice = "restrict by the query itself: A & B, or use fc.SQL"
        elif token.word == "OVER":
            advice = "window functions are not portable here: use fc.SQL"
        return syntax_error(
            self.text, token.start, f"{shown!r} cannot stand here", expected=expected, advice=advice
        )

    def check(self, node: Scalar, token: Token) -> CoreType | None:
        """Infer a node's type, pointing at a word where that fails."""
        if type(node) is Column:
            return self.heading[node.name].type
        try:
            return infer(node, self.heading).type
        except QueryError as error:
            raise locate(error, self.text, token.start) from None

    def type_name(self) -> CoreType:
        """Parse the name of a type with its arguments."""
        token = self.tokens[self.at]
        if token.kind != "name":
            raise self.unexpected(token, "a type, e.g. int64, float64, varchar(20), decimal(10,2), date")
        self.at += 1
        words = token.value
        follower = self.tokens[self.at]
        if follower.word in FOLLOWERS.get(token.word, ()):
            self.at += 1
            words += " " + follower.value
        args: list[int] = []
        if self.accept("("):
            while not args or self.accept(","):
                args.append(self.whole_number())
            self.expect(")")
        try:
            return core_type(words, tuple(args))
        except QueryError as error:
            raise locate(error, self.text, token.start) from None

    def whole_number(self) -> int:
        """Parse a written whole number."""
        token = self.tokens[self.at]
        if token.kind != "number" or not token.value.isdigit():
            raise self.unexpected(token, "a whole number")
        self.at += 1
        return int(token.value)

    def arguments(self, closing: str) -> list[Scalar]:
        """Parse expressions between commas up to the closing bracket."""
        result = [self.expression()]
        while self.accept(","):
            result.append(self.expression())
        self.expect(closing, f", or {closing}")
        return result

    def literal_text(self, expected: str) -> Token:
        """Step over text in quotes."""
        token = self.tokens[self.at]
        if token.kind not in ("text", "double"):
            raise self.unexpected(token, expected)
        self.at += 1
        return token


def is_text(node: Scalar) -> bool:
    """Whether a node is written text."""
    return type(node) is Literal and type(node.value) is str
