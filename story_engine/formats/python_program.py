"""A Python program, followed as far as its values are plain to see. It is never run.

Constants, f-strings, loops over lists and the program's own functions are followed; what only running would tell stays
unknown, and a picture whose prompt is unknown is counted.
"""

from __future__ import annotations

import ast
from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from story_engine.formats import python_values as values
from story_engine.formats.python_pictures import (
    SEED_CALLS,
    Painted,
    Reading,
    bound,
    called,
    is_about_lora,
    is_painting,
    lora_of,
)
from story_engine.formats.python_values import UNKNOWN

MOST_NODES = 200_000
"""Of the program, loops counted each time round."""
MOST_CHARACTERS = 20_000_000
"""And items of lists, put together in all."""
DEEPEST_CALL = 6


@dataclass(frozen=True, slots=True)
class _Picture:
    """A value that is a picture, or a list of them."""

    painted: Painted


@dataclass(frozen=True, slots=True)
class _Generator:
    seed: int | None


class TooMuch(Exception):
    """A program that builds more than any story needs."""


class _Return(Exception):
    def __init__(self, value: object) -> None:
        self.value = value


class _EndOfLoop(Exception):
    def __init__(self, *, is_break: bool) -> None:
        self.is_break = is_break


class Program:
    """A program that is read statement by statement, with the values that are known by then."""

    def __init__(self) -> None:
        self.found = Reading()
        self.cell = 0
        self._names: ChainMap[str, object] = ChainMap({"__name__": "__main__"})
        self._functions: dict[str, ast.FunctionDef] = {}
        self._seed: int | None = None
        self._nodes = 0
        self._characters = 0
        self._depth = 0

    def read(self, statements: Iterable[ast.stmt]) -> None:
        """Follow statements of a cell.

        Raises:
            TooMuch: there is no end to it.
        """
        for statement in statements:
            try:
                self._statement(statement)
            except (_Return, _EndOfLoop):
                continue  # outside of any function or loop: indentation was lost on the way

    def _statement(self, node: ast.stmt) -> None:
        self._count()
        match node:
            case ast.Assign(targets=targets, value=value):
                result = self._value(value)
                for target in targets:
                    self._assign(target, result)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, self._value(value))
            case ast.AugAssign(target=ast.Name(id=name), op=operator, value=value):
                self._names[name] = self._kept(values.combined(operator, self._names.get(name), self._value(value)))
            case ast.Expr(value=value):
                self._value(value)
            case ast.FunctionDef(name=name):
                self._functions[name] = node
            case ast.Return(value=value):
                raise _Return(self._value(value) if value is not None else None)
            case ast.Break() | ast.Continue():
                raise _EndOfLoop(is_break=isinstance(node, ast.Break))
            case ast.For(target=target, iter=many, body=body):
                self._loop(target, many, body)
            case ast.If(test=test, body=body, orelse=otherwise):
                answer = self._value(test)
                self._block(body if answer is UNKNOWN or answer else otherwise)
            case ast.With(items=items, body=body):
                for item in items:
                    result = self._value(item.context_expr)
                    if item.optional_vars is not None:
                        self._assign(item.optional_vars, result)
                self._block(body)
            case ast.Try(body=body, orelse=otherwise, finalbody=last):
                self._block([*body, *otherwise, *last])

    def _block(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _loop(self, target: ast.expr, many: ast.expr, body: Sequence[ast.stmt]) -> None:
        items = values.listed(self._value(many))
        for item in [UNKNOWN] if items is None else items:
            self._count()
            self._assign(target, item)
            try:
                self._block(body)
            except _EndOfLoop as ended:
                if ended.is_break:
                    return

    def _assign(self, target: ast.expr, value: object) -> None:
        if isinstance(target, ast.Name):
            self._names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            parts = values.listed(value) or []
            for place, each in enumerate(target.elts):
                self._assign(each, parts[place] if place < len(parts) else UNKNOWN)
        elif isinstance(target, ast.Subscript):
            owner, key = self._value(target.value), self._value(target.slice)
            if isinstance(owner, dict) and isinstance(key, str | int) and len(owner) < values.MOST_ITEMS:
                owner[key] = value

    def _value(self, node: ast.expr) -> object:
        self._count()
        match node:
            case ast.Constant(value=value):
                return values.constant(value)
            case ast.Name(id=name):
                return self._names.get(name, UNKNOWN)
            case ast.JoinedStr(values=parts):
                return self._joined(parts)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self._value(each) for each in items]
            case ast.Dict(keys=keys, values=items):
                pairs = [(self._value(key), self._value(each)) for key, each in zip(keys, items, strict=True) if key]
                return {key: each for key, each in pairs if isinstance(key, str | int)}
            case ast.BinOp(left=left, op=operator, right=right):
                return self._kept(values.combined(operator, self._value(left), self._value(right)))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return values.combined(ast.Sub(), 0, self._value(operand))
            case ast.Subscript(value=owner, slice=index):
                return self._picked(self._value(owner), index)
            case ast.Attribute(value=owner):
                result = self._value(owner)
                return result if isinstance(result, _Picture) else UNKNOWN
            case ast.ListComp(elt=element, generators=[ast.comprehension(target=target, iter=many, ifs=[])]):
                seen = values.listed(self._value(many)) or []
                return [self._named(target, item, element) for item in seen]
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                return values.compared(operator, self._value(left), self._value(right))
            case ast.Call():
                return self._kept(self._call(node))
        return UNKNOWN

    def _named(self, target: ast.expr, item: object, element: ast.expr) -> object:
        self._assign(target, item)
        return self._value(element)

    def _joined(self, parts: Sequence[ast.expr]) -> object:
        texts: list[str] = []
        for part in parts:
            found = self._value(part) if isinstance(part, ast.Constant) else self._field(part)
            if not isinstance(found, str):
                return UNKNOWN
            texts.append(found)
        return self._kept(values.bounded("".join(texts)))

    def _field(self, part: ast.expr) -> object:
        if not isinstance(part, ast.FormattedValue):
            return UNKNOWN
        specification = self._value(part.format_spec) if part.format_spec is not None else ""
        value = self._value(part.value)
        return values.formatted(value, part.conversion, specification) if isinstance(specification, str) else UNKNOWN

    def _picked(self, owner: object, index: ast.expr) -> object:
        if isinstance(owner, _Picture):
            return owner
        if isinstance(index, ast.Slice):
            ends = [self._value(each) if each is not None else None for each in (index.lower, index.upper, index.step)]
            return self._kept(values.sliced(owner, ends))
        return values.picked(owner, self._value(index))

    def _call(self, node: ast.Call) -> object:
        name = called(node.func)
        owner = self._value(node.func.value) if isinstance(node.func, ast.Attribute) else None
        arguments = [self._value(each) for each in node.args if not isinstance(each, ast.Starred)]
        named = {each.arg: self._value(each.value) for each in node.keywords if each.arg}
        for each in node.keywords:  # **settings
            if each.arg is None and isinstance(given := self._value(each.value), dict):
                named |= {str(key): value for key, value in given.items()}
        if name in SEED_CALLS or name == "Generator":
            return self._seeded(name, owner, [*arguments, *named.values()])
        function = self._functions.get(name) if isinstance(node.func, ast.Name) else None
        if is_about_lora(name, named):
            given = bound(function, arguments, named)
            lora = lora_of(node, given, arguments, is_own=function is not None)
            if lora is not None:
                self.found.loras.append(lora)
                return UNKNOWN
        if function is not None:
            return self._run(function, arguments, named)
        if is_painting(node, named):
            return self._paint(node, arguments, named)
        if name == "save" and isinstance(owner, _Picture):
            path = next((each for each in [*arguments, *named.values()] if isinstance(each, str)), "")
            owner.painted.saved_as = owner.painted.saved_as or path
            return UNKNOWN
        if name == "append" and isinstance(owner, list) and len(owner) < values.MOST_ITEMS:
            owner.extend(arguments[:1])
            return None
        if name == "loads" and arguments and isinstance(arguments[0], str):
            return values.from_json(arguments[0])
        if isinstance(node.func, ast.Name):
            return values.built_in(name, arguments)
        return values.method(owner, name, arguments, named) if arguments or isinstance(owner, str | dict) else UNKNOWN

    def _seeded(self, name: str, owner: object, arguments: list[object]) -> object:
        if name == "Generator":
            return _Generator(None)
        first = arguments[0] if arguments else UNKNOWN
        seed = first if isinstance(first, int) and not isinstance(first, bool) else None
        if isinstance(owner, _Generator):
            return _Generator(seed)
        self._seed = seed
        return _Generator(seed)

    def _paint(self, node: ast.Call, arguments: list[object], named: Mapping[str, object]) -> object:
        prompt = named.get("prompt", arguments[0] if arguments else UNKNOWN)
        prompts = prompt if isinstance(prompt, list) else [prompt]
        negative = named.get("negative_prompt", arguments[1] if len(arguments) > 1 else "")
        generator = named.get("generator")
        seed = named.get("seed", generator.seed if isinstance(generator, _Generator) else self._seed)
        settings = {
            "cfg_scale": named.get("cfg_scale", named.get("guidance_scale")),
            "steps": named.get("num_inference_steps", named.get("steps")),
            "width": named.get("width"),
            "height": named.get("height"),
        }
        settings = {name: value for name, value in settings.items() if isinstance(value, int | float)}
        if "cfg_scale" in named:  # DiffSynth's pipeline of the challenge, which knows one sampler
            settings["sampler"] = "ddim"
        picture: _Picture | None = None
        for place, each in enumerate(prompts):
            if not isinstance(each, str):
                self.found.unknown_prompts.append((self.cell, node.lineno))
                continue
            of_each = values.picked(negative, place) if isinstance(negative, list) else negative
            painted = Painted(
                prompt=each,
                negative=of_each if isinstance(of_each, str) else "",
                seed=seed if isinstance(seed, int) and not isinstance(seed, bool) else None,
                settings=settings,
                cell=self.cell,
                line=node.lineno,
            )
            self.found.pictures.append(painted)
            picture = _Picture(painted)
            self._kept(each)
        return picture or UNKNOWN

    def _run(self, function: ast.FunctionDef, arguments: list[object], named: Mapping[str, object]) -> object:
        """Follow one of the program's own functions."""
        if self._depth >= DEEPEST_CALL:
            return UNKNOWN
        outside = self._names
        given: dict[str, object] = {name.arg: UNKNOWN for name in (*function.args.args, *function.args.kwonlyargs)}
        defaults = zip(reversed(function.args.args), reversed(function.args.defaults), strict=False)
        given |= {name.arg: self._value(default) for name, default in defaults}
        only = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=False)
        given |= {name.arg: self._value(default) for name, default in only if default is not None}
        if function.args.kwarg is not None:
            given[function.args.kwarg.arg] = {name: value for name, value in named.items() if name not in given}
        given |= bound(function, arguments, named)
        self._names = outside.new_child(given)
        self._depth += 1
        try:
            self._block(function.body)
        except _Return as returned:
            return returned.value
        finally:
            self._names = outside
            self._depth -= 1
        return None

    def _count(self) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise TooMuch

    def _kept(self, value: object) -> object:
        if isinstance(value, str | list | dict):
            self._characters += len(value)
            if self._characters > MOST_CHARACTERS:
                raise TooMuch
        return value
