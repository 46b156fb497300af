"""Runs a script of the starmp dialect under CPython 3, as an oracle:

    python3 prelude.py script.star [arg...]

The script is executed in this module, so its functions and classes are __main__'s and can be pickled.
"""
import builtins, inspect, json, math, multiprocessing, os, queue, random, re, signal, sys, threading, time, traceback, types
import concurrent.futures.process, concurrent.futures.thread, importlib
import multiprocessing.connection, multiprocessing.managers, multiprocessing.pool, multiprocessing.queues
import multiprocessing.shared_memory, multiprocessing.sharedctypes, multiprocessing.synchronize

futures = sys.modules["futures"] = concurrent.futures
multiprocessing.BrokenBarrierError = threading.BrokenBarrierError
json.encode, json.decode = lambda x: json.dumps(x, separators=(",", ":")), json.loads


def type(*args):
    """The name of a value's type as Starlark says it, or a new class."""
    if len(args) == 1:
        name = builtins.type(args[0]).__name__
        return "string" if name == "str" else name
    return builtins.type(*args)


class struct:
    def __init__(self, **fields):
        self.__dict__.update(fields)

    def __eq__(self, other):
        return isinstance(other, struct) and self.__dict__ == other.__dict__

    def __hash__(self):
        return hash(tuple(sorted(self.__dict__.items())))

    def __repr__(self):
        return "struct(%s)" % ", ".join("%s = %r" % field for field in sorted(self.__dict__.items()))


def map(f, *iterables):
    return list(builtins.map(f, *iterables))


def filter(f, iterable):
    return list(builtins.filter(f, iterable))


def print(*args, sep=" ", end="\n", file=None, flush=False):
    """Writes the whole line at once: lines of different processes never mix."""
    (file or sys.stdout).write(sep.join(builtins.map(str, args)) + end)


def fail(*args, sep=" "):
    raise Exception(sep.join(builtins.map(str, args)))


def raise_(exc):
    raise exc


def try_(f, *args, **kwargs):
    try:
        return struct(ok=True, value=f(*args, **kwargs), error=None)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        error.traceback = traceback.format_exc()
        return struct(ok=False, value=None, error=error)


def with_(cm, body):
    positional = [p for p in inspect.signature(body).parameters.values() if p.kind <= p.POSITIONAL_OR_KEYWORD]
    with cm as entered:
        return body(entered) if len(positional) == 1 else body()


def load(name, *names, **renamed):
    """Starlark's load statement: a built-in module by name, a file relative to the loading one."""
    caller = sys._getframe(1).f_globals
    if name.endswith(".star"):
        module = _load_file(os.path.normpath(os.path.join(os.path.dirname(caller["__file__"]), name)))
    else:
        module = importlib.import_module(name)
    for mine, theirs in [(n, n) for n in names] + list(renamed.items()):
        caller[mine] = getattr(module, theirs)


def _load_file(path):
    name = os.path.splitext(path)[0].replace(".", "_")  # importable, so that pickle finds its functions
    if name not in sys.modules:
        module = sys.modules[name] = types.ModuleType(name)
        module.__dict__.update({k: v for k, v in _PRELUDE.items() if not k.startswith("_")}, __file__=path)
        _run(path, module.__dict__)
    return sys.modules[name]


_MODULES = """argparse base64 bisect collections copy csv datetime functools glob hashlib heapq hmac io itertools logging operator
    statistics string subprocess tempfile textwrap uuid""".split()


def _run(path, namespace):
    with open(path) as f:
        text = f.read()
    for name in _MODULES:  # predeclared in starmp; imported here where they are used, since each import makes fork slower
        if re.search(r"\b%s\b" % name, text):
            namespace.setdefault(name, importlib.import_module(name))
    exec(compile(text, path, "exec"), namespace)


if __name__ == "__main__":
    _PRELUDE = dict(globals())
    multiprocessing.set_start_method("fork")
    sys.stdout.reconfigure(line_buffering=True)
    del sys.argv[0]
    __file__ = sys.argv[0]
    _run(__file__, globals())
