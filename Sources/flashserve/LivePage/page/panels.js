// The parts of the page. Each takes the view: { now, points, curve, time, window }.

/** Units in the order of the bar, the same colours everywhere. */
const unitParts = ['free', 'held', 'sold'];

function showHead({ now, time }) {
  const { sale, next } = now;
  const opening = next ? `Sale ${next.id}, ${next.item_name}, opens in ${countdown(next.opens_at - time)}.` : '';
  write('server', now.server.is_stopping ? 'this server is stopping' : '');
  byID('phase').hidden = !sale;
  if (!sale) {
    write('item', 'No sale');
    write('times', opening || 'No sale is open or planned. flashctl seed-sale makes one.');
    return;
  }
  write('item', `Sale ${sale.id}: ${sale.item_name}`);
  write('phase', phaseWords[sale.phase] || sale.phase);
  byID('phase').className = `phase ${sale.phase}`;
  const opens = moment(sale.opens_at, time);
  const closes = moment(sale.closes_at, time);
  const facts = time < sale.opens_at
    ? [`opens in ${countdown(sale.opens_at - time)}`, `${opens} to ${closes} UTC`]
    : time < sale.closes_at
      ? [`closes in ${countdown(sale.closes_at - time)}`, `${opens} to ${closes} UTC`]
      : [`closed at ${closes} UTC`];
  facts.push(`at most ${counted(sale.limit, 'unit')} per user`);
  if (sale.is_test) facts.push('test sale');
  if (sale.banned_users) facts.push(`${counted(sale.banned_users, 'user')} banned`);
  write('times', facts.join(' · ') + (opening && time >= sale.closes_at ? ` · ${opening}` : ''));
}

/** What is going on, in two or three sentences; for those who hear the page, and for those who glance at it. */
function summary({ now, points, time }) {
  const { sale, units } = now;
  if (!sale) return 'No sale is open.';
  const sentences = [];
  const stock = count(sale.stock);
  if (sale.phase === 'scheduled') {
    sentences.push(`${counted(sale.stock, 'unit')} go on sale at ${moment(sale.opens_at, time)} UTC.`);
  } else if (units) {
    const parts = `${count(units.held)} held and ${count(units.sold)} sold`;
    sentences.push(units.free > 0 ? `${count(units.free)} of ${stock} units are free, ${parts}.`
      : units.held > 0 ? `No unit is free: ${parts}. What is not paid comes back.`
        : `All ${stock} units are sold.`);
  } else {
    sentences.push('The stock cannot be read at the moment.');
  }
  if (sale.reason && sale.phase !== 'paused') sentences.push(`Checkouts are answered 503: ${sale.reason}.`);
  if (sale.phase === 'paused') sentences.push('Checkouts are paused by an operator.');
  if (sale.purchases_paused) sentences.push('Purchases are paused by an operator.');
  const last = points.slice(-5);
  const checkouts = last.reduce((sum, point) => sum + checkoutsOf(point), 0) / Math.max(1, last.length);
  const slow = last.map((point) => point.checkout_p99).filter((value) => value !== null);
  if (checkouts >= 0.5) {
    const time = slow.length ? `, 99 of 100 within ${latency(Math.max(...slow))}` : '';
    sentences.push(`This server answers ${count(Math.round(checkouts))} checkouts per second${time}.`);
  }
  return sentences.join(' ');
}

const checkoutsOf = (point) =>
  point.held + point.sold_out + point.user_limit + point.banned + point.refused + point.repeated;

function showStock({ now, curve, time }, charts) {
  const { sale, units } = now;
  const whole = units ? units.free + units.held + units.sold : 0;
  for (const part of unitParts) {
    write(part, units ? count(units[part]) : '–');
    write(`${part}-share`, units ? share(units[part], whole) : '');
    byID('bar').querySelector(`.${part}`).style.width = units && whole ? `${(100 * units[part]) / whole}%` : '0';
  }
  const label = units ? unitParts.map((part) => `${count(units[part])} ${part}`).join(', ') : 'not known';
  byID('bar').setAttribute('aria-label', `Stock: ${label}`);
  const isOpen = sale && sale.phase !== 'scheduled';
  const from = isOpen ? sale.opens_at : time - 60000;
  const to = Math.max(from + 60000, isOpen ? Math.min(time, sale.closes_at + 60000) : time);
  charts.stock.draw({
    from, to,
    points: curve,
    // What is sold is the ground on which the rest melts.
    layers: [...unitParts].reverse().map((part) => ({ style: part, value: (point) => point[part] })),
    axis: linear(sale ? sale.stock : 1),
    axisText: count,
    reading: (point) => unitParts.map((part) => `${count(point[part])} ${part}`).join(', '),
    hidden: curve.length && curve[0].at - from > 5000 ? curve[0].at : 0,
    countdown: sale && !isOpen ? countdown(sale.opens_at - time) : '',
    empty: !sale ? 'there is no sale' : !isOpen ? 'until it opens' : curve.length ? '' : 'not known',
  });
}

function showLapsing({ now }) {
  const { lapsing, units } = now;
  for (const limit of [10, 30, 60]) {
    const holds = lapsing ? lapsing[`within${limit}`] : null;
    write(`lapsing-${limit}`, count(holds));
    const part = holds && units && units.held ? Math.min(1, holds / units.held) : 0;
    byID(`lapsing-bar-${limit}`).style.width = `${100 * part}%`;
  }
}

function showJournal({ now, points, from, time }, charts) {
  const { journal } = now;
  write('journal-entries', journal ? count(journal.entries) : '–');
  write('journal-rest', !journal ? 'not known' : journal.entries === 0 ? 'entries wait: all is in Postgres'
    : `${journal.entries === 1 ? 'entry waits' : 'entries wait'}, ${bytes(journal.bytes)}, the oldest for `
      + seconds(journal.seconds));
  const shown = points.filter((point) => point.at >= from);
  charts.journal.draw({
    from, to: time, points,
    lines: [{ style: 'journal', value: (point) => point.backlog_entries }],
    axis: linear(Math.max(1, ...shown.map((point) => point.backlog_entries || 0))),
    axisText: count,
    reading: (point) => counted(point.backlog_entries, 'entry', 'entries'),
  });
}

function showAnswers({ now, points, from, time }, charts) {
  const shown = points.filter((point) => point.at >= from);
  const last = points[points.length - 1];
  write('address', `, ${now.server.address}, ${counted(now.server.connections, 'connection')}`);
  write('checkouts-now', last ? count(checkoutsOf(last)) : '–');
  write('purchases-now', last ? count(last.purchases) : '–');
  // Those that there were in the window, so that the key does not jump.
  const seen = outcomes.filter(([name]) => name === 'held' || shown.some((point) => point[name] > 0));
  charts.checkouts.keys(seen.map(([style, name]) => ({ style, name, value: last ? count(last[style]) : '–' })));
  charts.checkouts.draw({
    from, to: time, points,
    layers: seen.map(([name]) => ({ style: name, value: (point) => point[name] + (name === 'held' ? point.repeated : 0) })),
    axis: linear(Math.max(...shown.map(checkoutsOf), 1)),
    axisText: count,
    reading: (point) => seen.filter(([key]) => point[key] > 0).map(([key, name]) => `${count(point[key])} ${name}`)
      .join(', ') || 'none',
    empty: shown.some((point) => checkoutsOf(point) > 0) ? '' : 'no checkout in this time',
  });
  charts.purchases.draw({
    from, to: time, points,
    layers: [{ style: 'sold', value: (point) => point.purchases }],
    axis: linear(Math.max(...shown.map((point) => point.purchases), 1)),
    axisText: count,
    reading: (point) => count(point.purchases),
    empty: shown.some((point) => point.purchases > 0) ? '' : 'no purchase in this time',
  });
  showTimes('checkout', charts.checkoutTime, shown, { points, from, time });
  showTimes('purchase', charts.purchaseTime, shown, { points, from, time });
  showTotals(now.server);
}

/** The two percentiles of one kind of request. */
function showTimes(kind, chart, shown, { points, from, time }) {
  const [p50, p99] = [`${kind}_p50`, `${kind}_p99`];
  const values = shown.flatMap((point) => [point[p50], point[p99]]).filter((value) => value !== null);
  // The newest second with an answer, while it is new.
  const last = points.slice(-5).reverse().find((point) => point[p99] !== null);
  chart.keys([
    { style: 'p99', name: 'p99', value: last ? latency(last[p99]) : '' },
    { style: 'p50', name: 'p50', value: last ? latency(last[p50]) : '' },
  ]);
  chart.draw({
    from, to: time, points,
    lines: [
      { style: 'p50', value: (point) => point[p50], thin: true }, { style: 'p99', value: (point) => point[p99] },
    ],
    axis: values.length ? logarithmic(values) : linear(1),
    axisText: decade,
    reading: (point) => `p99 ${latency(point[p99])}, p50 ${latency(point[p50])}`,
    empty: values.length ? '' : `no ${kind} in this time`,
  });
}

function showTotals(server) {
  const { attempts, refusals } = server;
  const parts = ['held', 'sold_out', 'user_limit', 'banned', 'repeated'].filter((name) => attempts[name] > 0)
    .map((name) => `${count(attempts[name])} ${name.replace('_', ' ')}`);
  const undecided = Object.entries(refusals).filter(([, number]) => number > 0)
    .map(([reason, number]) => `${count(number)} ${reason.replaceAll('_', ' ')}`);
  const checkouts = parts.length ? parts.join(', ') : 'no checkout';
  const unsure = undecided.length ? `; answered 503: ${undecided.join(', ')}` : '';
  write('totals', `Since this server started at ${clock(server.started_at)} UTC: ${checkouts}${unsure}; `
    + `${counted(server.purchases, 'purchase')}.`);
}

/** What somebody should do something about, the worst first. */
function findings(health) {
  const found = [];
  if (health.redis) found.push({ level: 'critical', message: `Redis is not used: ${health.redis}` });
  if (health.postgres) found.push({ level: 'critical', message: `Postgres does not answer: ${health.postgres}` });
  for (const trouble of health.troubles) found.push({ level: 'warning', message: trouble });
  for (const check of health.checks) {
    if (check.level !== 'ok') found.push({ level: check.level, message: check.message, next: check.next_step });
  }
  return found;
}

function showHealth({ now, time }) {
  const { health } = now;
  const found = findings(health);
  byID('alerts').hidden = found.length === 0;
  byID('alerts').classList.toggle('critical', found.some(({ level }) => level === 'critical'));
  replaceRows(byID('alert-list'), found, ({ level, message, next }) => {
    const item = make('li');
    item.append(make('b', level, level), ' ', message);
    if (next) item.append(make('span', `Next: ${next}`, 'next'));
    return item;
  });
  for (const store of ['redis', 'postgres']) {
    write(store, health[store] || 'in use');
    byID(store).className = health[store] ? 'bad' : 'good';
  }
  const { verification } = health;
  write('verification', !verification ? 'none yet, one a minute'
    : `${verification.violations === 0 ? 'nothing broken' : counted(verification.violations, 'violation')}, `
      + `${seconds(Math.max(0, time - verification.at) / 1000)} ago`);
  byID('verification').className = !verification ? '' : verification.violations ? 'bad' : 'good';
  const bad = health.checks.filter((check) => check.level !== 'ok').length;
  write('checks-summary', health.checks.length === 0 ? 'No check was made yet'
    : bad === 0 ? `All ${health.checks.length} checks are as they should be`
      : `${counted(bad, 'check')} of ${health.checks.length} found something`);
  replaceRows(byID('checks'), health.checks, ({ name, level, message }) => {
    const row = make('tr');
    const head = make('th', name.replaceAll('_', ' '));
    head.setAttribute('scope', 'row');
    const word = make('td');
    word.append(make('b', level, level));
    row.append(head, word, make('td', message));
    return row;
  });
}

function showPast({ now, time }) {
  const { past, others } = now;
  const open = others.map((sale) => `Sale ${sale.id}, ${sale.item_name}, is ${phaseWords[sale.phase]}`
    + (sale.units ? `: ${count(sale.units.held)} held, ${count(sale.units.sold)} sold.` : '.'));
  write('past-note', [past === null || past === undefined ? 'Past sales cannot be read at the moment.'
    : past.length === 0 ? 'No sale is finished yet.' : '', ...open].filter(Boolean).join(' '));
  for (const id of ['past-table', 'past-words']) byID(id).hidden = !past || past.length === 0;
  replaceRows(byID('past'), past || [], (sale) => {
    const refused = sale.attempts === undefined ? null : sale.sold_out + sale.user_limit + sale.banned;
    const row = make('tr');
    const head = make('th', String(sale.id));
    head.setAttribute('scope', 'row');
    row.append(head, make('td', sale.item_name), make('td', moment(sale.closes_at, time)));
    for (const number of [sale.stock, sale.purchases, sale.held, refused, sale.expired]) {
      row.append(make('td', count(number), 'n'));
    }
    return row;
  });
}

/** Only when something has changed: who reads a row with a finger or a cursor keeps it. */
function replaceRows(parent, list, row) {
  const text = JSON.stringify(list);
  if (parent.shown === text) return;
  parent.shown = text;
  parent.replaceChildren(...list.map(row));
}
