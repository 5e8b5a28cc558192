// The connection, the clock, and what is drawn when.

const historySeconds = 600;
const longestCurve = 1200;
/** Numbers older than this are not the present, in milliseconds. */
const freshFor = 3000;
/** Without an event for so long the connection is given up, whatever the browser thinks of it. */
const silentFor = 10000;
/** Between two changes of the sentence that is read aloud. */
const summaryPause = 10000;

const state = {
  now: null, columns: [], points: [], curve: [], curveSale: null, receivedAt: null, link: 'waiting', reason: '',
  saidAt: -Infinity, window: 180000,
};

const numberColumns = (names) => names.map(([name, key, text]) => [name, (point) => (text || count)(point[key])]);
const inWindow = () => state.points.filter((point) => point.at >= saleTime() - state.window);
const charts = {
  stock: new Chart('stock-chart', numberColumns(unitParts.map((part) => [part, part])), () => state.curve),
  journal: new Chart('journal-chart', numberColumns([['entries', 'backlog_entries']]), inWindow),
  checkouts: new Chart('checkouts-chart', numberColumns(outcomes.map(([key, name]) => [name, key])), inWindow),
  purchases: new Chart('purchases-chart', numberColumns([['purchases', 'purchases']]), inWindow),
  checkoutTime: new Chart('checkout-time-chart',
    numberColumns([['p50', 'checkout_p50', latency], ['p99', 'checkout_p99', latency]]), inWindow, 'big'),
  purchaseTime: new Chart('purchase-time-chart',
    numberColumns([['p50', 'purchase_p50', latency], ['p99', 'purchase_p99', latency]]), inWindow, 'big'),
};

/** The clock of Redis, carried on since the last event. */
const saleTime = () => (state.now ? state.now.at + (performance.now() - state.receivedAt) : Date.now());
const age = () => (state.receivedAt === null ? Infinity : performance.now() - state.receivedAt);

function pointOf(row) {
  return Object.fromEntries(state.columns.map((name, index) => [name, row[index]]));
}

function takeStart({ now, columns, points, curve }) {
  state.columns = columns;
  state.points = points.map(pointOf);
  state.curveSale = curve.sale;
  state.curve = curve.points.map(([at, free, held, sold]) => ({ at, free, held, sold }));
  if (now) takeNow(now);
  state.saidAt = -Infinity;
}

function takeSecond({ now, point }) {
  takeNow(now);
  const taken = pointOf(point);
  state.points.push(taken);
  if (state.points.length > historySeconds) state.points.shift();
  if (taken.sale === null || taken.free_units === null || now.sale.phase === 'scheduled') return;
  if (state.curveSale !== taken.sale) {
    state.curveSale = taken.sale;
    state.curve = [];
  }
  state.curve.push({ at: taken.at, free: taken.free_units, held: taken.held_units, sold: taken.sold_units });
  if (state.curve.length > longestCurve) state.curve = state.curve.filter((_, index) => index % 2 === 0);
}

function takeNow(now) {
  state.now = now;
  state.receivedAt = performance.now();
  state.link = 'live';
}

/** A thinned curve has long steps, which are no holes. */
function steppedCurve() {
  const { curve } = state;
  if (curve.length < 2) return curve;
  const usual = (curve[curve.length - 1].at - curve[0].at) / (curve.length - 1);
  return curve.map((point) => ({ ...point, step: Math.max(longestStep, 6 * usual) }));
}

function show() {
  if (!state.now) return;
  showTitle(state.now);
  // Behind another page nothing is drawn: it is, when it comes to the front.
  if (document.hidden) return;
  const time = saleTime();
  const curve = state.now.sale && state.now.sale.id === state.curveSale ? steppedCurve() : [];
  const view = { now: state.now, points: state.points, curve, time, from: time - state.window };
  showHead(view);
  showHealth(view);
  showStock(view, charts);
  showLapsing(view);
  showJournal(view, charts);
  showAnswers(view, charts);
  showPast(view);
  if (performance.now() - state.saidAt >= summaryPause) {
    state.saidAt = performance.now();
    say(view);
  }
}

/** What is read aloud changes rarely, however fast the numbers do. */
function say(view) {
  const { now, points } = view;
  write('summary', summary(view));
  const last = points[points.length - 1];
  const units = now.units;
  charts.stock.say(units ? `Units since the opening; now ${unitParts.map((part) => `${count(units[part])} ${part}`)
    .join(', ')}` : 'Units since the opening; not known now');
  charts.journal.say(`Journal entries that wait for Postgres; now ${now.journal ? count(now.journal.entries) : '–'}`);
  if (last) {
    charts.checkouts.say('Checkouts per second by outcome; now '
      + outcomes.map(([key, name]) => `${count(last[key])} ${name}`).join(', '));
    charts.purchases.say(`Purchases per second; now ${count(last.purchases)}`);
    for (const kind of ['checkout', 'purchase']) {
      charts[`${kind}Time`].say(`Time to answer a ${kind}; now half within ${latency(last[`${kind}_p50`])}, `
        + `99 of 100 within ${latency(last[`${kind}_p99`])}`);
    }
  }
}

/** What the tab of the browser says, also behind others. */
function showTitle({ sale, units }) {
  const title = !sale ? 'No sale – flashctl' : sale.phase === 'selling' && units
    ? `${count(units.free)} free – sale ${sale.id}` : `Sale ${sale.id} ${phaseWords[sale.phase]} – flashctl`;
  if (document.title !== title) document.title = title;
}

/** How old the numbers are, and what the connection does. */
function showLink() {
  const old = age();
  const isFresh = state.link === 'live' && old < freshFor;
  document.body.classList.toggle('waiting', state.receivedAt === null);
  document.body.classList.toggle('stale', state.receivedAt !== null && !isFresh);
  write('link', isFresh ? 'live' : state.receivedAt === null && !state.reason ? 'connecting'
    : state.link === 'live' ? 'no news, waiting' : state.reason || 'connection lost, trying again');
  write('age', state.receivedAt === null || isFresh ? '' : `· these numbers are ${wholeSeconds(old)} old`);
  write('clock', state.now ? `It is ${clock(saleTime())}.` : '');
  if (old > silentFor && state.link === 'live') reconnect('connection lost, trying again');
}

let source = null;
let retry = null;

function connect() {
  clearTimeout(retry);
  source = new EventSource('events');
  source.addEventListener('start', (event) => { takeStart(JSON.parse(event.data)); state.reason = ''; show(); });
  source.addEventListener('second', (event) => { takeSecond(JSON.parse(event.data)); show(); });
  source.addEventListener('bye', () => reconnect('the server has stopped, trying again'));
  source.addEventListener('error', () => {
    state.link = 'lost';
    // After anything but a lost connection the browser gives up by itself.
    if (source.readyState === EventSource.CLOSED) whyNot();
  });
}

function reconnect(reason) {
  source.close();
  state.link = 'lost';
  state.reason = reason;
  clearTimeout(retry);
  retry = setTimeout(connect, 2000);
}

/** The browser does not tell what the server has answered: ask once more, and look at the head only. */
async function whyNot() {
  const stop = new AbortController();
  let reason = '';
  try {
    const answer = await fetch('events', { signal: stop.signal, cache: 'no-store' });
    if (answer.status !== 200) reason = `${(await answer.text()).trim()}; trying again`;
  } catch {
    // The connection is lost, as it seems.
  }
  stop.abort();
  reconnect(reason || 'connection lost, trying again');
}

for (const input of document.querySelectorAll('input[name=window]')) {
  input.addEventListener('change', () => { state.window = 1000 * Number(input.value); show(); });
  // A browser keeps the choice over a reload.
  if (input.checked) state.window = 1000 * Number(input.value);
}
document.addEventListener('visibilitychange', show);
new ResizeObserver(show).observe(document.body);
setInterval(showLink, 500);
connect();
showLink();
