#!/usr/bin/env python3
"""Makes icons/ of drawings/: lines become filled shapes, the only ones that Fyne colours.

  apt install python3-shapely; /usr/bin/python3 assets/outline.py
"""

import math
import pathlib
import re
import xml.etree.ElementTree as xml

from shapely.geometry import LineString, Polygon
from shapely.ops import unary_union

HERE = pathlib.Path(__file__).parent
WIDTH = 1.75
STEPS = 14  # of a curve
TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "A": 7, "Z": 0}


def arc(x0, y0, r, sweep_large, clockwise, x, y):
    """Points of a circle's arc behind its first one."""
    half = math.hypot(x - x0, y - y0) / 2
    r = max(r, half)
    off = math.sqrt(max(r * r - half * half, 0)) * (1 if sweep_large != clockwise else -1)
    cx = (x0 + x) / 2 - off * (y - y0) / (2 * half)
    cy = (y0 + y) / 2 + off * (x - x0) / (2 * half)
    a, b = math.atan2(y0 - cy, x0 - cx), math.atan2(y - cy, x - cx)
    turn = (b - a) % (2 * math.pi) if clockwise else -((a - b) % (2 * math.pi))
    n = max(3, int(abs(turn) * r * 2.5))
    return [(cx + r * math.cos(a + turn * i / n), cy + r * math.sin(a + turn * i / n)) for i in range(1, n + 1)]


def bezier(p, q, r, s):
    out = []
    for i in range(1, STEPS + 1):
        t = i / STEPS
        w = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3)
        out.append(tuple(sum(k * c[j] for k, c in zip(w, (p, q, r, s))) for j in (0, 1)))
    return out


def traced(d):
    """The continuous parts of a path, each as points."""
    words = re.findall(r"[A-Za-z]|-?(?:\d+\.\d*|\.\d+|\d+)", d)
    parts, at, i, letter = [], (0.0, 0.0), 0, ""
    while i < len(words):
        if words[i].isalpha():
            letter, i = words[i], i + 1
        n = TAKES[letter.upper()]
        v = [float(w) for w in words[i:i + n]]
        i += n
        x0, y0 = at if letter.islower() else (0, 0)
        kind = letter.upper()
        if kind == "Z":
            parts[-1].append(parts[-1][0])
            at = parts[-1][0]
            continue
        if kind == "H":
            to = (v[0] + x0, at[1])
        elif kind == "V":
            to = (at[0], v[0] + y0)
        else:
            to = (v[-2] + x0, v[-1] + y0)
        if kind == "M":
            parts.append([to])
            letter = "l" if letter == "m" else "L"
        elif kind == "C":
            parts[-1] += bezier(at, (v[0] + x0, v[1] + y0), (v[2] + x0, v[3] + y0), to)
        elif kind == "A":
            parts[-1] += arc(*at, v[0], bool(v[3]), bool(v[4]), *to)
        else:
            parts[-1].append(to)
        at = to
    return parts


def path_of(element):
    kind = element.tag.split("}")[1]
    if kind == "path":
        return element.attrib["d"]
    a = {k: float(v) for k, v in element.attrib.items() if re.fullmatch(r"-?[\d.]+", v)}
    if kind == "circle":
        x, y, r = a["cx"], a["cy"], a["r"]
        return f"M{x-r} {y}A{r} {r} 0 0 1 {x+r} {y}A{r} {r} 0 0 1 {x-r} {y}Z"
    x, y, w, h, r = a["x"], a["y"], a["width"], a["height"], a["rx"]
    c = f"A{r} {r} 0 0 1 "
    return (f"M{x+r} {y}L{x+w-r} {y}{c}{x+w} {y+r}L{x+w} {y+h-r}{c}{x+w-r} {y+h}"
            f"L{x+r} {y+h}{c}{x} {y+h-r}L{x} {y+r}{c}{x+r} {y}Z")


def dashed(points, lengths):
    line, at, out, i = LineString(points), 0.0, [], 0
    while at < line.length - 0.5:
        to = min(at + lengths[i % len(lengths)], line.length)
        if i % 2 == 0:
            out.append([line.interpolate(at + (to - at) * k / 8).coords[0] for k in range(9)])
        at, i = to, i + 1
    return out


def shape(element):
    parts = traced(path_of(element))
    if element.attrib.get("stroke") == "none":
        return unary_union([Polygon(p) for p in parts])
    if dash := element.attrib.get("stroke-dasharray"):
        parts = [d for p in parts for d in dashed(p, [float(x) for x in dash.split()])]
    return unary_union([LineString(p).buffer(WIDTH / 2, resolution=5) for p in parts])


def ring(points):
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in list(points)[:-1]) + "Z"


for drawing in sorted(HERE.glob("drawings/*.svg")):
    whole = unary_union([shape(e) for e in xml.parse(drawing).getroot()]).simplify(0.02)
    d = ""
    for p in getattr(whole, "geoms", [whole]):
        p = p.normalize()  # holes run the other way round
        d += ring(p.exterior.coords) + "".join(ring(h.coords) for h in p.interiors)
    (HERE / "icons" / drawing.name).write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24"><path d="{d}" fill="#000000"/></svg>\n')
