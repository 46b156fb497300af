"""Writes CPython's answers into the files beside it: python3.13 golden.py

A file has one expression a line, evaluated in order with the same names in CPython and in starmp. Its answer follows
as "= JSON", or as "! Class: message" for an exception. "#" starts a comment.
"""
import builtins, glob, json, math, os, queue, random, signal, sys, time

NAMES = dict(json=json, math=math, os=os, queue=queue, random=random, signal=signal, sys=sys, time=time,
             map=lambda *args: list(builtins.map(*args)), filter=lambda *args: list(builtins.filter(*args)),
             both=lambda f, x: [f(x), x], text=str)


def answer(expr):
    try:
        return "= " + json.dumps(eval(expr, dict(NAMES)))
    except Exception as e:
        return "! " + json.dumps(type(e).__name__ + ": " + str(e))[1:-1].replace('\\"', '"').replace("\\\\", "\\")


assert sys.version_info[:2] == (3, 13), "the answers are 3.13's"
os.environ["TZ"] = "UTC"
time.tzset()
for path in glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "*.txt")):
    with open(path) as f:
        lines = [line for line in f.read().splitlines() if line[:2] not in ("= ", "! ")]
    with open(path, "w") as f:
        for line in lines:
            f.write(line + "\n")
            if line and not line.startswith("#"):
                f.write(answer(line) + "\n")
