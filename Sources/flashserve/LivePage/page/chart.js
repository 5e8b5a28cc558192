// Drawings over time. Each is drawn at the size that it has, so that letters keep theirs on a telephone.

const svgSpace = 'http://www.w3.org/2000/svg';
/** A hole in the numbers that is longer than this is shown as one. */
const longestStep = 3500;

function shape(parent, name, attributes, text) {
  const element = document.createElementNS(svgSpace, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

const pixel = (value) => Math.round(value * 10) / 10;

/** A round number not below `value`, and marks up to it. */
function linear(value) {
  const rough = Math.max(value, 1) / 2;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough));
  const high = Math.ceil(Math.max(value, 1) / step) * step;
  const ticks = [];
  for (let tick = step; tick <= high; tick += step) ticks.push(tick);
  return { ticks, place: (number) => number / high };
}

/** Powers of ten around microseconds. */
function logarithmic(values) {
  const low = Math.floor(Math.log10(Math.max(1, Math.min(...values))));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const ticks = [];
  for (let power = low; power <= high; power += 1) ticks.push(10 ** power);
  const place = (number) => (Math.log10(Math.max(number, 10 ** low)) - low) / (high - low);
  return { ticks: ticks.length > 4 ? ticks.filter((_, index) => index % 2 === 0) : ticks, place };
}

const timeSteps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

/**
 * One chart in a figure. `draw` takes: from, to (ms), points with `at`, layers [{style, value}] that are stacked or
 * lines [{style, value}], an axis, what to say when there is nothing to draw, and of one point (`reading`).
 */
class Chart {
  constructor(id, columns, rows, keyClass = '') {
    this.figure = byID(id);
    this.key = make('ul', undefined, `key ${keyClass}`);
    this.key.hidden = true;
    this.svg = document.createElementNS(svgSpace, 'svg');
    this.svg.setAttribute('role', 'img');
    this.svg.setAttribute('aria-label', 'no numbers yet');
    this.figure.append(this.key, this.svg);
    this.pointer = null;
    this.svg.addEventListener('pointermove', (event) => { this.pointer = event.offsetX; this.redraw(); });
    this.svg.addEventListener('pointerleave', () => { this.pointer = null; this.redraw(); });
    this.table = new ChartTable(this.figure, columns, rows);
  }

  /** [{style, name, value}]: the newest numbers, beside the colours. */
  keys(list) {
    while (this.key.children.length > list.length) this.key.lastChild.remove();
    list.forEach(({ style, name, value }, index) => {
      let item = this.key.children[index];
      if (!item) {
        item = make('li');
        item.append(make('i'), make('span'), ' ', make('b'));
        item.firstChild.setAttribute('aria-hidden', 'true');
        this.key.append(item);
      }
      item.firstChild.className = `c-${style}`;
      write(item.children[1], name);
      write(item.children[2], value);
    });
    this.key.hidden = false;
  }

  say(sentence) {
    if (this.svg.getAttribute('aria-label') !== sentence) this.svg.setAttribute('aria-label', sentence);
  }

  redraw() {
    if (this.spec) this.draw(this.spec);
  }

  draw(spec) {
    this.spec = spec;
    const { from, to, points, layers = [], lines = [], axis, axisText, empty, countdown, hidden = 0 } = spec;
    const { clientWidth: width, clientHeight: height } = this.svg;
    if (width === 0) return;
    this.svg.replaceChildren();
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const bottom = height - 20;
    const x = (time) => pixel(((Math.min(Math.max(time, from), to) - from) / (to - from)) * width);
    const y = (value) => pixel(bottom - axis.place(value) * (bottom - 16));
    this.timeMarks(from, to, x, width, bottom);
    const shown = points.filter((point) => point.at >= from - longestStep);
    if (shown.length === 0 || empty) {
      shape(this.svg, 'line', { class: 'base', x1: 0, x2: width, y1: bottom, y2: bottom });
      if (countdown) shape(this.svg, 'text', { class: 'countdown', x: 0, y: bottom - 40 }, countdown);
      shape(this.svg, 'text', { class: 'empty', x: 0, y: bottom - 12 }, empty || 'no numbers yet');
      return;
    }
    if (hidden > from) {
      const end = x(hidden);
      shape(this.svg, 'rect', { class: 'gap', x: 0, y: 16, width: end, height: bottom - 16 });
      if (end > 190) shape(this.svg, 'text', { x: 6, y: bottom - 8 }, 'before this server started');
    }
    for (const run of runs(shown)) {
      stack(run, layers).forEach(({ style, upper, lower }) => {
        const path = [...upper, ...lower.reverse()].map(([time, value]) => `${x(time)} ${y(value)}`).join('L');
        shape(this.svg, 'path', { class: `area c-${style}`, d: `M${path}Z` });
      });
    }
    for (const { style, value, thin } of lines) {
      for (const run of runs(shown.filter((point) => value(point) !== null))) {
        const path = run.map((point) => `${x(point.at)} ${y(value(point))}`);
        // A single second is a dot.
        if (path.length === 1) path.push(path[0]);
        shape(this.svg, 'path', { class: `line c-${style}${thin ? ' thin' : ''}`, d: `M${path.join('L')}` });
      }
    }
    // Above the areas, or they could not be read.
    for (const tick of axis.ticks) {
      shape(this.svg, 'line', { class: 'grid', x1: 0, x2: width, y1: y(tick), y2: y(tick) });
      shape(this.svg, 'text', { x: 0, y: y(tick) - 4 }, axisText(tick));
    }
    shape(this.svg, 'line', { class: 'base', x1: 0, x2: width, y1: bottom, y2: bottom });
    if (this.pointer !== null) this.pick(shown, spec.reading, x, width, bottom);
  }

  /** What the chart says of the second under the pointer. */
  pick(points, reading, x, width, bottom) {
    const far = (point) => Math.abs(x(point.at) - this.pointer);
    const point = points.reduce((best, next) => (far(next) < far(best) ? next : best));
    const place = x(point.at);
    shape(this.svg, 'line', { class: 'picked', x1: place, x2: place, y1: 0, y2: bottom });
    const isLeft = place < width / 2;
    shape(this.svg, 'text', { class: 'reading', x: place + (isLeft ? 6 : -6), y: 11,
      'text-anchor': isLeft ? 'start' : 'end' }, `${clock(point.at)}  ${reading(point)}`);
  }

  timeMarks(from, to, x, width, bottom) {
    const wanted = Math.max(2, Math.floor(width / 110));
    const step = 1000 * (timeSteps.find((step) => (to - from) / 1000 / step <= wanted) || 86400);
    for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
      const place = x(time);
      shape(this.svg, 'line', { class: 'base', x1: place, x2: place, y1: bottom, y2: bottom + 4 });
      const anchor = place < 24 ? 'start' : place > width - 24 ? 'end' : 'middle';
      const text = clock(time, step < 60000);
      shape(this.svg, 'text', { x: place, y: bottom + 17, 'text-anchor': anchor }, text);
    }
  }
}

/** Points without holes between them. */
function runs(points) {
  const all = [];
  let last = null;
  for (const point of points) {
    if (last === null || point.at - last.at > (point.step || longestStep)) all.push([]);
    all[all.length - 1].push(point);
    last = point;
  }
  return all;
}

/** Layers on top of each other. */
function stack(points, layers) {
  // A single second would have no width.
  const wide = points.length === 1 ? [points[0], { ...points[0], at: points[0].at + 1000 }] : points;
  const floor = wide.map(() => 0);
  return layers.map(({ style, value }) => {
    const lower = wide.map((point, index) => [point.at, floor[index]]);
    wide.forEach((point, index) => { floor[index] += value(point); });
    return { style, lower, upper: wide.map((point, index) => [point.at, floor[index]]) };
  }).filter(({ lower, upper }) => upper.some(([, value], index) => value > lower[index][1]));
}

/** The numbers behind a chart, written when somebody opens them: a table that changes cannot be read. */
class ChartTable {
  constructor(figure, columns, rows) {
    this.details = make('details');
    this.summary = make('summary', 'The numbers');
    this.details.append(this.summary);
    figure.append(this.details);
    this.details.addEventListener('toggle', () => {
      if (this.details.open) this.fill(columns, rows());
    });
  }

  fill(columns, points) {
    const step = Math.max(1, Math.ceil(points.length / 30));
    const thin = points.filter((_, index) => (points.length - 1 - index) % step === 0).reverse();
    const table = make('table');
    table.append(make('caption', thin.length ? 'The newest first; open again for newer ones' : 'None yet'));
    const head = make('tr');
    head.append(make('th', 'UTC'), ...columns.map(([name]) => make('th', name, 'n')));
    for (const cell of head.children) cell.setAttribute('scope', 'col');
    const body = make('tbody');
    for (const point of thin) {
      const row = make('tr');
      const time = make('th', clock(point.at));
      time.setAttribute('scope', 'row');
      row.append(time, ...columns.map(([, text]) => make('td', text(point), 'n')));
      body.append(row);
    }
    const top = make('thead');
    top.append(head);
    table.append(top, body);
    const scroll = make('div', undefined, 'scroll');
    scroll.append(table);
    while (this.details.children.length > 1) this.details.lastChild.remove();
    this.details.append(scroll);
  }
}
