// How numbers and times are written.

const grouping = new Intl.NumberFormat('en-US');
const count = (number) => (number === null || number === undefined ? '–' : grouping.format(number));
const counted = (number, word, many = word + 's') => `${count(number)} ${number === 1 ? word : many}`;

/** Percent of a whole; what is there at all is never 0 %, what is missing never 100 %. */
function share(part, whole) {
  if (!whole) return '';
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 1) return '< 1 %';
  if (percent > 99 && percent < 100) return '> 99 %';
  return `${Math.round(percent)} %`;
}

const two = (number) => String(number).padStart(2, '0');

/** 14:03:07, UTC. */
function clock(time, withSeconds = true) {
  const text = new Date(time).toISOString();
  return text.slice(11, withSeconds ? 19 : 16);
}

/** The day too, when it is not that of `now`. */
function moment(time, now) {
  const text = new Date(time).toISOString();
  const sameDay = text.slice(0, 10) === new Date(now).toISOString().slice(0, 10);
  const seconds = text.slice(17, 19) !== '00';
  return (sameDay ? '' : text.slice(0, 10) + ' ') + clock(time, seconds);
}

/** 0:07, 46:12, 3:46:12, or days for what is far away. */
function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const hours = Math.floor(seconds / 3600);
  if (hours >= 48) return counted(Math.floor(hours / 24), 'day');
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest.replace(/^0/, '');
}

/** 0.4 s, 12 s, 3 min. */
function seconds(value) {
  if (value < 10) return `${value.toFixed(1)} s`;
  return value < 120 ? `${Math.round(value)} s` : `${Math.round(value / 60)} min`;
}

/** 7 s, 3 min. */
const wholeSeconds = (milliseconds) => (milliseconds < 120000 ? `${Math.round(milliseconds / 1000)} s`
  : `${Math.round(milliseconds / 60000)} min`);

/** Microseconds with three digits: 850 µs, 3.2 ms, 1.25 s. */
function latency(microseconds) {
  if (microseconds === null || microseconds === undefined) return '–';
  const [value, unit] = microseconds < 1000 ? [microseconds, 'µs']
    : microseconds < 1e6 ? [microseconds / 1000, 'ms'] : [microseconds / 1e6, 's'];
  return `${value >= 100 || unit === 'µs' ? Math.round(value) : value.toPrecision(value < 10 ? 2 : 3)} ${unit}`;
}

/** A power of ten of microseconds: 100 µs, 1 ms, 10 s. */
const decade = (microseconds) => (microseconds < 1000 ? `${microseconds} µs`
  : microseconds < 1e6 ? `${microseconds / 1000} ms` : `${microseconds / 1e6} s`);

function bytes(value) {
  if (value < 1000) return `${value} B`;
  return value < 1e6 ? `${Math.round(value / 1000)} KB` : `${(value / 1e6).toFixed(1)} MB`;
}

const phaseWords = {
  scheduled: 'not open yet', selling: 'selling', paused: 'paused', sold_out: 'sold out', closed: 'closed',
  recovering: 'recovering', unavailable: 'unavailable',
};

const outcomes = [
  ['held', 'held'], ['sold_out', 'sold out'], ['user_limit', 'user limit'], ['banned', 'banned'],
  ['refused', '503, undecided'],
];

const byID = (id) => document.getElementById(id);

/** Text of any origin goes in here and nowhere else: it is never markup. */
function write(id, text) {
  const element = typeof id === 'string' ? byID(id) : id;
  if (element.textContent !== text) element.textContent = text;
}

/** An element with text in it. */
function make(name, text, className) {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}
