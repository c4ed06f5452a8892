// The acceptance runner calls this script as `… PORT stop` and `… PORT start [FLAG...]`. The script ends when the
// controller has stopped or started.
const [port, action, ...flags] = process.argv.slice(2);
const query = new URLSearchParams(flags.map((flag) => ['flag', flag]));
const response = await fetch(`http://127.0.0.1:${port}/${action}?${query}`, { method: 'POST' });
if (!response.ok) {
  console.error(await response.text());
  process.exit(1);
}
