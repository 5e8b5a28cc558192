"""Looks at what the live view of a load test wrote to a pseudo-terminal, as a person would see it.

loadview.py SCENARIO FOLDER ROWS COLUMNS: FOLDER/shown holds the bytes while it ran, FOLDER/all those with its end.
Ends with 0 when everything is as it should be, else says what was on the screen.
"""
import sys

import pyte


def screen(path, rows, columns):
    terminal = pyte.Screen(columns, rows)
    # A shell's prompt was there before.
    stream = pyte.ByteStream(terminal)
    stream.feed(b"$ flashctl loadtest\r\n")
    with open(path, "rb") as file:
        stream.feed(file.read())
    return terminal


def main():
    scenario, folder, rows, columns = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    shown = screen(f"{folder}/shown", rows, columns)
    lines = [line.rstrip() for line in shown.display]
    text = "\n".join(lines)

    def sees(condition, what):
        if not condition:
            sys.exit(f"{what}; the screen:\n{text}")

    sees(shown.cursor.hidden, "the cursor is seen while it runs")
    sees(lines[0].startswith("loadtest k6, open model"), "the head is not in the first row")
    sees("40 %" in lines[1] and "0:06 left" in lines[1], "the progress is not that of the last second")
    sees(not any("$ flashctl" in line for line in lines), "what was there before is seen")
    if scenario == "frames":
        sees(any(line.startswith("rate       sent 100/s of 100/s") for line in lines), "there is no rate")
        sees(any("30 sold" in line for line in lines), "there is no stock")
        sees(any(line.startswith("sold_out") for line in lines), "there are no outcomes")
        sees(sum("Ctrl-C stops" in line for line in lines) == 1, "there is not one footer")
    else:
        sees("more lines do not" in text, "nothing says that lines do not fit")
        sees(lines[-1] == "", "the window has scrolled")

    after = screen(f"{folder}/all", rows, columns)
    left = "\n".join(line.rstrip() for line in after.display).strip()
    if after.cursor.hidden:
        sys.exit("the cursor stays hidden")
    # A terminal without a second screen keeps nothing of the view.
    if left:
        sys.exit(f"something is left on the screen:\n{left}")
    if pyte.modes.DECAWM not in after.mode:
        sys.exit("lines do not wrap any more")
    return 0


sys.exit(main())
