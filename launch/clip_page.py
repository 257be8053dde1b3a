"""`clip_page`: pictures as one page that needs nothing else, with a bar to go back and forth."""

import base64
import html
import io
import json
from collections.abc import Iterable

from PIL import Image

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>@TITLE@</title>
<style>
body { margin: 0; min-height: 100vh; display: grid; place-content: center; justify-items: center;
       font: 15px/1.5 system-ui, sans-serif; background: #eceef0; color: #23262c; }
canvas { max-width: 100vw; max-height: 82vh; border-radius: 8px; box-shadow: 0 2px 16px #0003; }
p { display: flex; gap: 12px; align-items: center; width: 100%; margin: 12px 0; }
input { flex: 1; } button { width: 5.5em; padding: 4px; font: inherit; }
output { font-variant-numeric: tabular-nums; width: 4em; text-align: right; }
</style>
<canvas width="@WIDTH@" height="@HEIGHT@" aria-label="@TITLE@"></canvas>
<p><button>pause</button><input type="range" min="0" value="0" step="1"><output></output></p>
<script>
const period = @PERIOD@, data = @PICTURES@;
const pen = document.querySelector("canvas").getContext("2d");
const bar = document.querySelector("input"), button = document.querySelector("button");
const pictures = data.map(text => {
  const picture = new Image(); picture.src = "data:image/webp;base64," + text; return picture;
});
let playing = true, at = 0, last = performance.now();
bar.max = data.length - 1;
function show(index) {
  const picture = pictures[index];
  if (picture.complete) pen.drawImage(picture, 0, 0);
  bar.value = index;
  document.querySelector("output").value = (index * period).toFixed(1) + " s";
}
function frame(now) {
  if (playing) at = (at + (now - last) / 1000 / period) % data.length;
  last = now;
  show(Math.floor(at));
  requestAnimationFrame(frame);
}
function toggle() { playing = !playing; button.textContent = playing ? "pause" : "play"; }
button.onclick = toggle;
bar.oninput = () => { if (playing) toggle(); at = Number(bar.value); };
requestAnimationFrame(frame);
</script>
</html>
"""


def clip_page(pictures: Iterable[Image.Image], period: float, title: str, quality: int) -> str:
    """HTML text that plays the pictures, each for `period` [s], again and again."""
    packed, size = list[str](), (0, 0)
    for picture in pictures:
        buffer, size = io.BytesIO(), picture.size
        picture.save(buffer, "WEBP", quality=quality, method=4)
        packed.append(base64.b64encode(buffer.getvalue()).decode())
    values = {
        "TITLE": html.escape(title),
        "WIDTH": str(size[0]),
        "HEIGHT": str(size[1]),
        "PERIOD": repr(period),
        "PICTURES": json.dumps(packed),
    }
    page = _PAGE
    for name, value in values.items():
        page = page.replace(f"@{name}@", value)
    return page
