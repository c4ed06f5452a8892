/**
 * The script of the page. It reads the list of instances and their reports. After an event about an instance, it reads
 * the report of that instance again.
 */

/** The members of an instance's summary that the page uses. */
interface InstanceSummary {
  readonly ref: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly definition: string;
  readonly state: string;
}

/** The explanation of a node's state. */
interface Explanation {
  readonly node: string;
  readonly state: string;
  readonly reason: string;
  readonly remedy?: string;
}

interface InstanceReport extends InstanceSummary {
  readonly explanations: readonly Explanation[];
}

const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
const main = requireElement('instances');
const connection = requireElement('connection');
const sections = new Map<string, HTMLElement>();

function requireElement(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no element #${id}`);
  return element;
}

async function get<Body>(path: string): Promise<Body | undefined> {
  const response = await fetch(`/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
  if (response.status === 404) return undefined;
  if (response.status === 401)
    throw new Error('the token in the address is missing or wrong; open the address that the command printed');
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return (await response.json()) as Body;
}

/** Makes an element. Its text is set as text, never as markup. */
function element(
  name: string,
  options: { readonly text?: string; readonly className?: string; readonly state?: string } = {},
): HTMLElement {
  const made = document.createElement(name);
  if (options.text !== undefined) made.textContent = options.text;
  if (options.className !== undefined) made.className = options.className;
  if (options.state !== undefined) made.dataset['state'] = options.state;
  return made;
}

function renderInstance(report: InstanceReport): HTMLElement {
  const section = element('section');
  const title = `${report.kind} ${report.namespace === undefined ? '' : `${report.namespace}/`}${report.name}`;
  const head = element('header');
  head.append(element('h2', { text: title }), element('strong', { text: report.state, state: report.state }));
  const list = element('ul');
  for (const { node, state, reason, remedy } of report.explanations) {
    const item = element('li');
    const why = remedy === undefined ? reason : `${reason} (${remedy})`;
    item.append(
      element('span', { text: node, className: 'node' }),
      element('span', { text: state, state }),
      element('span', { text: why, className: 'reason' }),
    );
    list.append(item);
  }
  section.append(head, element('p', { text: report.definition, className: 'definition' }), list);
  return section;
}

async function refreshInstance(ref: string): Promise<void> {
  const report = await get<InstanceReport>(`instances/${encodeURIComponent(ref)}/report`);
  const before = sections.get(ref);
  if (report === undefined) {
    before?.remove();
    sections.delete(ref);
    return;
  }
  const section = renderInstance(report);
  if (before === undefined) main.append(section);
  else before.replaceWith(section);
  sections.set(ref, section);
}

async function refreshAll(): Promise<void> {
  const list = await get<{ readonly items: readonly InstanceSummary[] }>('instances');
  const refs = new Set((list?.items ?? []).map(({ ref }) => ref));
  for (const [ref, section] of sections) {
    if (refs.has(ref)) continue;
    section.remove();
    sections.delete(ref);
  }
  for (const ref of refs) await refreshInstance(ref);
  connection.textContent = refs.size === 0 ? 'connected; there is no instance yet' : 'connected';
}

function fail(error: unknown): void {
  connection.textContent = error instanceof Error ? error.message : String(error);
}

/** The instances whose reports must be read again. Several events of one instance cause one request. */
const due = new Set<string>();
function schedule(ref: string): void {
  if (due.size === 0) {
    requestAnimationFrame(() => {
      const refs = [...due];
      due.clear();
      Promise.all(refs.map(refreshInstance)).catch(fail);
    });
  }
  due.add(ref);
}

function follow(): void {
  const events = new EventSource(`/api/v1/events?token=${encodeURIComponent(token)}`);
  events.addEventListener('open', () => void refreshAll().catch(fail));
  events.addEventListener('error', () => {
    // The browser does not reconnect after a response that is not a stream, because of a wrong token or another program
    // on the port.
    connection.textContent =
      events.readyState === EventSource.CLOSED
        ? 'the connection was refused; open the address that the command printed last'
        : 'the connection was lost; trying again …';
  });
  for (const type of ['instance-changed', 'instance-removed']) {
    events.addEventListener(type, (event) => {
      const { subject } = JSON.parse((event as MessageEvent<string>).data) as { readonly subject: string };
      schedule(subject);
    });
  }
}

refreshAll().then(follow, fail);
