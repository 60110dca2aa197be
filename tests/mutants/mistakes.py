"""Single mistakes that can be planted in a file: one operator, number or argument."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPARED = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
_COMPUTED = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "/",
    ast.Mod: "//",
    ast.Pow: "*",
    ast.BitAnd: "|",
    ast.BitOr: "&",
    ast.MatMult: "*",
    ast.LShift: ">>",
    ast.RShift: "<<",
}
_STATEMENT = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)
_COMPOUND = (
    ast.FunctionDef,
    ast.ClassDef,
    ast.If,
    ast.For,
    ast.While,
    ast.With,
    ast.Try,
    ast.Match,
)


@dataclass(frozen=True)
class Mistake:
    """One change of a file.

    Attributes
    ----------
    file : str
        Path below the project's root.
    start, end : int
        Characters of the file that are replaced.
    text : str
        What stands there instead.
    lines : tuple of (int, int)
        First and last line of the statement, or of a compound one's head, from 1.
    names : tuple of str
        What the statement defines where it stands outside of every function: a test
        reaches the mistake where it reaches a line that uses one of them.
    """

    file: str
    start: int
    end: int
    text: str
    lines: tuple[int, int]
    names: tuple[str, ...]

    def applied(self, source: str) -> str:
        """Return the file's text with the mistake in it."""
        return source[: self.start] + self.text + source[self.end :]

    def change(self, source: str) -> tuple[str, str]:
        """Return the lines touched, before and after, each as one line."""
        first = source.rfind("\n", 0, self.start) + 1
        last = source.find("\n", self.end)
        before = source[first:last]
        after = source[first : self.start] + self.text + source[self.end : last]
        return " ".join(before.split()), " ".join(after.split())


def mistakes(file: str, source: str) -> list[Mistake]:
    """List every mistake that can be planted in a file.

    Numbers grow by one (integers) or halve (others), true and false change places;
    comparisons lose or gain their limit or turn round; operators are exchanged;
    ``not``, a minus, an argument given by name or a call for its effect is left out;
    two arguments, or the two items of a pair, change places; conditions turn round; a
    key or a name in quotes becomes another. Sentences, annotations, decorators, what
    stands for the type checker and ``strict`` of a ``zip`` are left as they are.
    """
    return list(_Visit(file, source).found())


class _Visit:
    def __init__(self, file: str, source: str) -> None:
        self.file = file
        self.source = source
        # Columns of the tree count bytes; these are where each line starts.
        lines = source.splitlines(keepends=True)
        self.lines = [line.encode() for line in lines]
        self.starts = [0]
        for line in lines:
            self.starts.append(self.starts[-1] + len(line))

    def found(self) -> Iterator[Mistake]:
        for statement in ast.parse(self.source).body:
            yield from self._in_statement(statement, ())

    def _in_statement(
        self, node: ast.stmt, outer: tuple[str, ...] | None
    ) -> Iterator[Mistake]:
        """Yield those of one statement; outer is None inside of a function."""
        if _is_for_types(node) or isinstance(node, (ast.Import, ast.ImportFrom)):
            return
        lines = (node.lineno, node.end_lineno or node.lineno)
        if isinstance(node, _COMPOUND):
            lines = (node.lineno, max(node.lineno, _first(node) - 1))
        names = () if outer is None else (*outer, *_defined(node))
        for start, end, text in self._changes(node):
            yield Mistake(self.file, start, end, text, lines, names)
        inner = _within(node, outer)
        for statement in _inner_statements(node):
            yield from self._in_statement(statement, inner)

    def _changes(self, node: ast.stmt) -> Iterator[tuple[int, int, str]]:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield (*self._span(node), "pass")
        if isinstance(node, ast.AugAssign) and type(node.op) in _COMPUTED:
            start = self._span(node.target)[1]
            sign = f" {_COMPUTED[type(node.op)]}="
            yield start, self.source.index("=", start) + 1, sign
        if isinstance(node, ast.If) and not _turns(node.test):
            yield (*self._span(node.test), f"not ({self._text(node.test)})")
        for expression in _expressions(node):
            yield from self._in_expression(expression)

    def _in_expression(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        if isinstance(node, ast.JoinedStr):
            return
        for text in self._exchanged(node):
            yield (*self._span(node), text)
        for child in ast.iter_child_nodes(node):
            if not _stays(node, child):
                yield from self._in_expression(child)

    def _exchanged(self, node: ast.AST) -> Iterator[str]:
        match node:
            case ast.Constant(value=bool() as value):
                yield str(not value)
            case ast.Constant(value=int() as value):
                yield str(value + 1)
            case ast.Constant(value=float() as value):
                yield repr(value / 2 if value else 1.0)
            case ast.Constant(value=str() as value) if value and not _is_sentence(
                value
            ):
                yield repr(f"XX{value}")
            case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
                yield f"({self._text(node.operand)})"
            case ast.BoolOp():
                word = " or " if isinstance(node.op, ast.And) else " and "
                yield f"({word.join(f'({self._text(v)})' for v in node.values)})"
            case ast.Compare(ops=[operator]):
                sides = self._text(node.left), self._text(node.comparators[0])
                yield f" {_COMPARED[type(operator)]} ".join(sides)
            case ast.Compare(ops=[first, *others]):
                yield self._chained(node, first, others)
            case ast.BinOp() if type(node.op) in _COMPUTED:
                sides = self._text(node.left), self._text(node.right)
                yield f"({f' {_COMPUTED[type(node.op)]} '.join(sides)})"
            case ast.IfExp() if not _turns(node.test):
                body, other = self._text(node.body), self._text(node.orelse)
                yield f"{body} if not ({self._text(node.test)}) else {other}"
            case ast.Call():
                yield from self._called(node)
            case ast.Tuple(elts=[first, second], ctx=ast.Load()):
                whole = not isinstance(first, _PIECES) and not isinstance(
                    second, _PIECES
                )
                if whole and ast.dump(first) != ast.dump(second):
                    yield f"({self._text(second)}, {self._text(first)})"

    def _chained(
        self, node: ast.Compare, first: ast.cmpop, others: list[ast.cmpop]
    ) -> str:
        texts = [self._text(side) for side in node.comparators]
        rest = "".join(
            f" {_SIGNS[type(operator)]} {text}"
            for operator, text in zip(others, texts[1:], strict=True)
        )
        return f"{self._text(node.left)} {_COMPARED[type(first)]} {texts[0]}{rest}"

    def _called(self, node: ast.Call) -> Iterator[str]:
        head = self._text(node.func)
        places = [self._text(argument) for argument in node.args]
        named = [self._text(keyword) for keyword in node.keywords]
        for index, keyword in enumerate(node.keywords):
            if keyword.arg is not None and (head, keyword.arg) != ("zip", "strict"):
                kept = [*places, *named[:index], *named[index + 1 :]]
                yield f"{head}({', '.join(kept)})"
        if len(places) > 1 and places[0] != places[1] and not _in_any_order(head):
            swapped = [places[1], places[0], *places[2:], *named]
            yield f"{head}({', '.join(swapped)})"

    def _span(self, node: ast.AST) -> tuple[int, int]:
        place = node.lineno, node.col_offset, node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]
        return self._offset(*place[:2]), self._offset(*place[2:])

    def _offset(self, line: int, column: int) -> int:
        return self.starts[line - 1] + len(self.lines[line - 1][:column].decode())

    def _text(self, node: ast.AST) -> str:
        start, end = self._span(node)
        text = self.source[start:end]
        return f"({text})" if isinstance(node, _BARE) else text


_NO_VALUES = {
    "annotation",
    "targets",
    "target",
    "bases",
    # How a class is made; nothing that it does hangs on slots or equality.
    "decorator_list",
    "handlers",
    "body",
}
_SIGNS = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_TYPES = {
    "TypeVar",
    "NewType",
    "Literal",
    "Callable",
    "Mapping",
    "dict",
    "tuple",
    "list",
}
_BARE = (ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Lambda, ast.NamedExpr)
"""Stand without the brackets around them, which another place needs."""
_PIECES = (ast.Slice, ast.Starred)
_IN_ANY_ORDER = frozenset({"min", "max", "minimum", "maximum", "hypot"})
"""Functions to which the order of their arguments means nothing."""
_FIRST_TWO_IN_ANY_ORDER = "np.clip"
"""The least of the highest value and the larger one of the others."""
_TYPE_TESTS = {"isinstance", "issubclass", "cast"}


def _is_sentence(text: str) -> bool:
    """Tell words for a person from a key: no name or key has a blank."""
    return any(sign.isspace() for sign in text)


def _in_any_order(function: str) -> bool:
    """Whether it is all the same which of a call's first two arguments comes first."""
    alike = function in (*_TYPE_TESTS, _FIRST_TWO_IN_ANY_ORDER)
    return alike or function.rpartition(".")[2] in _IN_ANY_ORDER


def _turns(test: ast.expr) -> bool:
    """Whether another change already turns a condition round."""
    turned = isinstance(test, (ast.Compare, ast.BoolOp))
    return turned or (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not))


def _stays(parent: ast.AST, child: ast.AST) -> bool:
    """Whether a part of an expression is for types, or an order means nothing there."""
    if isinstance(parent, ast.Compare):
        order = any(isinstance(op, (ast.In, ast.NotIn)) for op in parent.ops)
        return order and isinstance(child, ast.Tuple)
    if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name):
        guards = parent.func.id == "zip" and isinstance(child, ast.keyword)
        return guards or parent.func.id in _TYPE_TESTS
    return False


def _is_for_types(node: ast.stmt) -> bool:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
        return True
    if isinstance(node, ast.Assign):
        made = getattr(node.value, "func", getattr(node.value, "value", None))
        types = isinstance(made, ast.Name) and made.id in _TYPES
        return types or any("__all__" in ast.dump(target) for target in node.targets)
    return isinstance(node, ast.AnnAssign) and "TypeAlias" in ast.dump(node.annotation)


def _expressions(node: ast.stmt) -> Iterator[ast.AST]:
    """Yield a statement's own expressions, without annotations and inner statements."""
    if isinstance(node, ast.FunctionDef):
        yield from node.args.defaults
        yield from (value for value in node.args.kw_defaults if value is not None)
        return
    for name, value in ast.iter_fields(node):
        if name in _NO_VALUES:
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, (ast.expr, ast.withitem, ast.keyword)):
                yield item


def _inner_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    for name in ("body", "orelse", "finalbody"):
        yield from getattr(node, name, ())
    for holder in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield from holder.body


def _first(node: ast.stmt) -> int:
    inner = node.cases[0].body if isinstance(node, ast.Match) else node.body  # type: ignore[attr-defined]
    return int(inner[0].lineno)


def _defined(node: ast.stmt) -> tuple[str, ...]:
    match node:
        case ast.Assign():
            # Several at once, too: ``_LOW, _HIGH = 1, 2``.
            names = (name for target in node.targets for name in ast.walk(target))
            return tuple(name.id for name in names if isinstance(name, ast.Name))
        case ast.AnnAssign(target=ast.Name() as target):
            return (target.id,)
        case ast.FunctionDef():
            return (node.name,)
    return ()


def definitions(
    body: list[ast.stmt], outer: tuple[str, ...] = ()
) -> Iterator[tuple[int, str]]:
    """Yield lines outside of every function, each with a name that is defined there."""
    for node in body:
        last = _first(node) - 1 if isinstance(node, _COMPOUND) else node.end_lineno
        first = min(
            [node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]
        )
        for line in range(first, max(first, last or first) + 1):
            yield from ((line, name) for name in (*outer, *_defined(node)))
        inner = _within(node, outer)
        if inner is not None:
            yield from definitions(list(_inner_statements(node)), inner)


def _within(node: ast.stmt, outer: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if isinstance(node, ast.FunctionDef):
        return None
    if isinstance(node, ast.ClassDef) and outer is not None:
        return (*outer, node.name)
    return outer
