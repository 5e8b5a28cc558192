// Node's fetch.
import { existsSync } from "node:fs";

const [url, scenario, ...args] = process.argv.slice(2);
const answers = {}, failures = {};
let refused = 0, users = 0;
const count = (counts, name) => { counts[name] = (counts[name] ?? 0) + 1; };
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function post(target) {
  try {
    const answer = await fetch(url + target, { method: "POST" });
    const body = await answer.text();
    count(answers, answer.status);
    return { status: answer.status, body };
  } catch (failure) {
    const cause = failure.cause ?? failure;
    if (cause.code === "ECONNREFUSED") refused += 1;
    else count(failures, `${failure.message}: ${cause.code ?? cause.message}`);
    return null;
  }
}

const checkout = () => post(`/checkout?user_id=fetch-${process.hrtime.bigint()}-${users++}&id=1`);

async function buy(times) {
  for (let number = 0; number < times; number++) {
    const answer = await checkout();
    if (answer?.status === 201) await post(`/purchase?code=${JSON.parse(answer.body).code}`);
  }
}

async function pause(milliseconds) {
  await checkout();
  await sleep(milliseconds);
  await checkout();
}

async function steady(end) {
  while (!existsSync(end)) {
    if (await checkout() === null) await sleep(20);
    await sleep(2);
  }
}

const lanes = (number, lane) => Promise.all(Array.from({ length: number }, lane));
if (scenario === "sequence") await buy(Number(args[0]));
else if (scenario === "crowd") await lanes(Number(args[1]), () => buy(Math.floor(args[0] / args[1])));
else if (scenario === "pauses") await Promise.all(args[0].split(",").map((text) => pause(Number(text))));
else await lanes(Number(args[1]), () => steady(args[0]));
console.log(JSON.stringify({ answers, refused, failures }));
