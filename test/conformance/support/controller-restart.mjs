// Called by the acceptance runner as `… PORT stop` and `… PORT start [FLAG...]`; returns when it is done.
const [port, action, ...flags] = process.argv.slice(2);
const query = new URLSearchParams(flags.map((flag) => ['flag', flag]));
const response = await fetch(`http://127.0.0.1:${port}/${action}?${query}`, { method: 'POST' });
if (!response.ok) {
  console.error(await response.text());
  process.exit(1);
}
