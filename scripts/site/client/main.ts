import MiniSearch from 'minisearch';
import { type IndexedSection, SEARCH_OPTIONS } from '../search-options.ts';
import { startFleetForms } from './fleet.ts';

/** The search index as JSON. `search-index.js` sets this variable. */
declare global {
  var typekroSearchIndex: string | undefined;
}

const MAX_RESULTS = 12;

const script = document.querySelector<HTMLScriptElement>('script[data-index]');
const input = document.querySelector<HTMLInputElement>('search input');
const results = document.querySelector<HTMLElement>('search .results');
const list = document.querySelector<HTMLElement>('search ol');
const status = document.querySelector<HTMLElement>('search p');
const indexUrl = script?.dataset['index'];

let loading: Promise<MiniSearch<IndexedSection>> | undefined;

/** Loads the index when the reader begins to search, so that pages load without it. */
function loadIndex(url: string): Promise<MiniSearch<IndexedSection>> {
  loading ??= new Promise((resolve, reject) => {
    const element = document.createElement('script');
    element.src = url;
    element.addEventListener('error', () => reject(new Error(`${url} cannot be loaded`)));
    element.addEventListener('load', () => {
      resolve(MiniSearch.loadJSON(globalThis.typekroSearchIndex ?? '', SEARCH_OPTIONS));
    });
    document.head.append(element);
  });
  return loading;
}

if (input !== null && results !== null && list !== null && status !== null && indexUrl !== undefined) {
  const root = indexUrl.replace('search-index.js', '');

  const show = (query: string, index: MiniSearch<IndexedSection>): void => {
    const found = index.search(query).slice(0, MAX_RESULTS);
    list.replaceChildren(
      ...found.map(({ id, title, page }) => {
        const link = document.createElement('a');
        link.href = `${root}${String(id)}`;
        const name = document.createElement('strong');
        name.textContent = String(title);
        const place = document.createElement('span');
        place.textContent = String(page);
        link.append(name, ' ', place);
        const item = document.createElement('li');
        item.append(link);
        return item;
      }),
    );
    status.textContent =
      found.length === 0
        ? `Nothing found for “${query}”`
        : `${found.length} ${found.length === 1 ? 'result' : 'results'}`;
    results.hidden = false;
  };

  const update = (): void => {
    const query = input.value.trim();
    if (query === '') {
      results.hidden = true;
      return;
    }
    loadIndex(indexUrl).then(
      (index) => {
        // The reader may have changed the query while the index was loading.
        if (input.value.trim() === query) show(query, index);
      },
      (error: unknown) => {
        status.textContent = String(error);
        results.hidden = false;
      },
    );
  };

  const links = (): HTMLAnchorElement[] => [...list.querySelectorAll('a')];
  const move = (step: number): void => {
    const all: HTMLElement[] = [input, ...links()];
    const at = all.indexOf(document.activeElement as HTMLElement);
    all[(at + step + all.length) % all.length]?.focus();
  };

  input.addEventListener('input', update);
  input.addEventListener('focus', update);
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLInputElement;
    const isInSearch = event.target instanceof Node && (input === event.target || results.contains(event.target));
    if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey) input.focus();
    else if (event.key === 'Escape' && isInSearch) {
      results.hidden = true;
      input.blur();
    } else if (event.key === 'ArrowDown' && isInSearch) move(1);
    else if (event.key === 'ArrowUp' && isInSearch) move(-1);
    else if (event.key === 'Enter' && event.target === input) links()[0]?.click();
    else return;
    event.preventDefault();
  });
  document.addEventListener('click', (event) => {
    if (event.target instanceof Node && !input.contains(event.target) && !results.contains(event.target)) {
      results.hidden = true;
    }
  });
}

startFleetForms();
