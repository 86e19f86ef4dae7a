# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A report of pruning as one page, in the look of the compiler's own (lib/Report/Html.cpp): XHTML,
so that a test can parse it as XML; no script, style or image from elsewhere."""
import html

from bnn.prune.score import combined
from bnn.prune.style import CSS, JS

#: The colour of a layer, by what its numbers are.
_STYLES = {"bits": "bits", "bytes": "planes", "float": "float"}


def plain(text):
    """A name, for people: what is not seen, or turns the direction of text, is escaped."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode()
                   for one in text)


def _escaped(text):
    return html.escape(plain(str(text)))


def name_of(layer, index):
    """The name of a unit of a layer."""
    channels = layer["units"][index]["channels"]
    if layer["kind"] == "heads":
        return f"head {channels[0]}"
    return f"neuron {channels[0]}" if len(channels) == 1 else \
        f"group {index}, {len(channels)} neurons"


def fate(unit):
    """What becomes of a unit."""
    return "stays" if unit["stays"] else f"goes in round {unit['round']}"


def _percent(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "0.0 %"


def _thousands(count):
    for unit in ("", " k", " M", " G", " T"):
        if count < 999.95 or unit == " T":
            return f"{count:.1f}{unit}" if unit else f"{count:.0f}"
        count /= 1000


def sentence(report):
    """What was asked for and what came of it."""
    macs = report["macs"]
    said = (f"{_percent(macs['after'], macs['before'])} of the multiplications of what can be cut "
            f"stay, at {report['length']:.4g} tokens")
    if "time" not in report:
        return f"{said}; {_percent(report['budget']['keep_flops'], 1)} were the budget."
    time = report["time"]
    how = "measured on" if time["measured"] else "estimated for"
    return (f"{_percent(time['after'], 1)} of the time, {how} {time['cpu']}; "
            f"{_percent(report['budget']['keep_latency'], 1)} were the budget. {said}.")


def costs(report):
    """What was expected to be lost, and what is, in lines."""
    expected, reached = report["expected"], report["reached"]
    lines = [f"Expected, the scores of what goes: trajectory {expected['trajectory']:.3g}, "
             f"divergence {expected['divergence']:.3g}",
             f"Measured on the calibration data: divergence {reached['divergence']:.3g} from the "
             "whole model"]
    if reached["same_choice"] is not None:
        share = _percent(reached["same_choice"], reached["results"])
        lines.append(f"First choices that are the same: {reached['same_choice']} of "
                     f"{reached['results']}, {share}")
    return lines


def _tile(value, label, note=""):
    return (f'<div class="tile"><b>{_escaped(value)}</b><span>{_escaped(label)}</span>'
            f"<small>{_escaped(note)}</small></div>")


def _tiles(report):
    macs, expected, reached = report["macs"], report["expected"], report["reached"]
    tiles = [_tile(f"{_thousands(macs['before'])} \u2192 {_thousands(macs['after'])}",
                   "multiplications of what can be cut", f"at {report['length']:.4g} tokens")]
    if "time" in report:
        time = report["time"]
        tiles.append(_tile(_percent(time["after"], 1), f"of {time['whole']} {time['unit']}",
                           ("measured on " if time["measured"] else "estimated for ")
                           + time["cpu"]))
    for kind in ("heads", "neurons"):
        layers = [layer for layer in report["layers"] if layer["kind"] == kind]
        if layers:
            tiles.append(_tile(f"{sum(layer['kept'] for layer in layers)} of "
                               f"{sum(layer['channels'] for layer in layers)}", kind,
                               f"in {len(layers)} layers"))
    tiles.append(_tile(f"{reached['divergence']:.3g}", "divergence, measured",
                       f"{expected['divergence']:.3g} expected"))
    if reached["same_choice"] is not None:
        tiles.append(_tile(_percent(reached["same_choice"], reached["results"]),
                           "first choices the same", f"{reached['same_choice']} of "
                           f"{reached['results']} on the calibration data"))
    return '<div class="tiles">\n' + "\n".join(tiles) + "\n</div>"


def _overview(report):
    parts = []
    for when in ("before", "after"):
        parts.append(f'<div class="overview"><span>{when}</span><div class="stack">' + "".join(
            f'<i class="{_STYLES[layer["numbers"]]}" style="width:'
            f'{100 * layer["macs"][when] / report["macs"]["before"]:.2f}%" '
            f'title="{_escaped(layer["name"])}: {_thousands(layer["macs"][when])}"></i>'
            for layer in report["layers"]) + "</div></div>")
    return "\n".join(parts)


def _layers(report):
    has_time = "time" in report
    most = max(layer["macs"]["before"] for layer in report["layers"])
    heads = ["layer", "kind", "numbers"]
    others = ["kept", "multiplications", "trajectory", "divergence"] + ["time saved"] * has_time
    lines = ["<h2>Layers</h2>", '<table id="layers"><thead><tr>' + "".join(
        f'<th data-text="1">{head}</th>' for head in heads) + "".join(
        f"<th>{head}</th>" for head in others) + "</tr></thead>", "<tbody>"]
    for layer in report["layers"]:
        style, macs = _STYLES[layer["numbers"]], layer["macs"]
        cells = [f'<td>{_escaped(layer["name"])}</td>', f'<td>{layer["kind"]}</td>',
                 f'<td><b class="pill {style}">{layer["numbers"]}</b></td>',
                 f'<td data-v="{layer["kept"] / layer["channels"]}">{layer["kept"]} of '
                 f'{layer["channels"]}</td>',
                 f'<td data-v="{macs["after"]}"><div class="bar"><i class="ghost" '
                 f'style="width:{100 * macs["before"] / most:.2f}%"></i><i class="{style}" '
                 f'style="width:{100 * macs["after"] / most:.2f}%"></i></div><small>'
                 f'{_thousands(macs["before"])} \u2192 {_thousands(macs["after"])}</small></td>']
        cells += [f'<td data-v="{layer[name]}">{layer[name]:.3g}</td>'
                  for name in ("trajectory", "divergence")]
        if has_time:
            cells.append(f'<td data-v="{layer["time_saved"]}">'
                         f'{100 * layer["time_saved"]:.1f} %</td>')
        lines.append("<tr>" + "".join(cells) + "</tr>")
    return "\n".join([*lines, "</tbody></table>"])


def _worth(units, weight):
    """One number a unit, as the search has it within a layer."""
    return combined([unit["trajectory"] for unit in units], [unit["divergence"] for unit in units],
                    weight).tolist()


def _units(report):
    """Of each layer a column for each unit, as high as its scores, and a table of them."""
    lines = ["<h2>Units</h2>",
             '<p class="sub">A column for each unit, as high as its share of the layer\'s scores '
             "in the last round in which it was scored; grey is what goes.</p>"]
    for layer in report["layers"]:
        worth = _worth(layer["units"], report["trajectory_weight"])
        most = max(*worth, 1e-300)
        width = 1000 / len(worth)
        lines += [f"<h3>{_escaped(layer['name'])}</h3>",
                  '<svg viewBox="0 0 1000 60" style="height:60px" role="img" '
                  'preserveAspectRatio="none">']
        for i, (unit, value) in enumerate(zip(layer["units"], worth)):
            # A sliver is still something to point at.
            height = max(58 * value / most, 1.0)
            lines.append(
                f'<rect class="{"t0" if unit["stays"] else "t5"}" x="{i * width:.2f}" '
                f'y="{60 - height:.2f}" width="{width:.2f}" height="{height:.2f}"><title>'
                f"{_escaped(name_of(layer, i))}: {fate(unit)}, trajectory "
                f'{unit["trajectory"]:.3g}, divergence {unit["divergence"]:.3g}</title></rect>')
        lines += ["</svg>", f"<details><summary>All {len(worth)} units</summary>"
                  '<table class="small units"><thead><tr><th data-text="1">unit</th>'
                  '<th data-text="1">what becomes of it</th><th>trajectory</th>'
                  "<th>divergence</th></tr></thead><tbody>"]
        for i, unit in enumerate(layer["units"]):
            lines.append(
                f"<tr><td>{_escaped(name_of(layer, i))}</td><td>{fate(unit)}</td>"
                + "".join(f'<td data-v="{unit[name]}">{unit[name]:.3g}</td>'
                          for name in ("trajectory", "divergence")) + "</tr>")
        lines.append("</tbody></table></details>")
    return "\n".join(lines)


def _refused(report):
    if not report["refused"]:
        return ""
    return ('<h2>As it was</h2>\n<table class="small" id="refused"><tbody>\n' + "\n".join(
        f"<tr><td>{_escaped(one['name'])}<em>{_escaped(one['reason'])}</em></td></tr>"
        for one in report["refused"]) + "\n</tbody></table>")


def write(report):
    """The page, a string."""
    name = _escaped(report["model"])
    body = [f"<h1>{name}</h1>", f'<p class="sub">{report["rounds"]} rounds of scores</p>',
            f'<p class="verdict">{_escaped(sentence(report))}</p>', _tiles(report),
            _overview(report), _layers(report),
            "<h2>What it costs</h2>",
            *(f'<p class="sub">{_escaped(line)}</p>' for line in costs(report)),
            _units(report), _refused(report)]
    return ('<!DOCTYPE html>\n<html lang="en" xmlns="http://www.w3.org/1999/xhtml">\n<head>\n'
            '<meta charset="utf-8" />\n<meta name="viewport" '
            'content="width=device-width, initial-scale=1" />\n'
            f"<title>{name}: what was pruned</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
            "<main>\n" + "\n".join(body) + f"\n</main>\n<script>{JS}</script>\n</body>\n</html>")
