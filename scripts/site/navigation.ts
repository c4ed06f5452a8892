import { readdirSync } from 'node:fs';
import { ROOMS } from '../workspace.mjs';

/** A link of the navigation. */
export interface NavigationLink {
  /** The text of the link. */
  readonly title: string;
  /** The HTML file, from the root of the site. */
  readonly target: string;
}

/** A page of the site. */
export interface NavigationPage extends NavigationLink {
  /** The Markdown file, from the root of the repository. */
  readonly source: string;
}

export interface NavigationSection {
  readonly title: string;
  /** Parts of the site that are not Markdown pages. Their links come before the links to the pages. */
  readonly programs?: readonly NavigationLink[];
  readonly pages: readonly NavigationPage[];
}

const root = new URL('../../', import.meta.url);

/**
 * The HTML file of a Markdown file. `docs/a/b.md` becomes `a/b.html`; a page outside of `docs` is in the folder
 * `contributors` or `rooms`.
 */
function targetOf(source: string): string {
  if (source === 'docs/README.md') return 'index.html';
  if (source.startsWith('docs/')) return source.slice('docs/'.length).replace(/\.md$/, '.html');
  if (/^[A-Z_]+\.md$/.test(source)) return `contributors/${source.toLowerCase().replace('.md', '.html')}`;
  const name = Object.keys(ROOMS).find((each) => source === `${ROOMS[each]}/README.md`);
  return `${name === undefined ? source.replace(/\/README\.md$/, '') : `rooms/${name}`}.html`;
}

const page = (source: string, title: string): NavigationPage => ({ source, title, target: targetOf(source) });

/** The pages of a folder, sorted by file name. `titleOf` makes the title of a page from its file name. */
function pagesOf(folder: string, titleOf: (name: string) => string): NavigationPage[] {
  return readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => page(`${folder}/${name}`, titleOf(name.replace(/\.md$/, ''))));
}

/** The title of a decision: its number and the words of its file name. */
function decisionTitle(name: string): string {
  const [number = '', ...words] = name.split('-');
  return `${number} ${words.join(' ')}`;
}

const room = (name: string): NavigationPage => page(`${ROOMS[name]}/README.md`, `The room ${name}`);

/** The playground, which the bundler of the dashboard writes (`scripts/page.mjs`). */
export const PLAYGROUND: NavigationLink = { title: 'Playground', target: 'playground/index.html' };

/**
 * The sections of the site in reading order: introduction, concepts, tasks, reference tables. The pages for authors of
 * the project come last.
 */
export const NAVIGATION: readonly NavigationSection[] = [
  {
    title: 'Start',
    programs: [PLAYGROUND],
    pages: [
      page('docs/README.md', 'What TypeKro is'),
      page('docs/start/install.md', 'Install'),
      page('docs/start/first-composition.md', 'Your first composition'),
      page('docs/start/first-definition.md', 'Your first definition'),
      page('README.md', 'Overview in one page'),
    ],
  },
  {
    title: 'Concepts',
    pages: [
      page('docs/concepts/definitions-and-instances.md', 'Definitions and instances'),
      page('docs/concepts/order-and-readiness.md', 'Order, readiness and status'),
      page('docs/concepts/modes.md', 'Modes'),
      page('docs/concepts/changes.md', 'Revisions and drift'),
      page('docs/concepts/deletion.md', 'Deletion'),
    ],
  },
  {
    title: 'Guides',
    pages: [
      page('docs/examples.md', 'Examples to start from'),
      page('docs/guides/recipes.md', 'Recipes by task'),
      page('docs/compositions.md', 'Write a composition'),
      page('docs/definitions.md', 'Write a definition in YAML'),
      page('docs/graphs.md', 'Graphs without an API'),
      page('docs/deploy.md', 'Deploy'),
      page('docs/guides/status.md', 'Status'),
      page('docs/guides/debugging.md', 'Find out why an instance waits'),
      page('docs/guides/ci.md', 'Plans in CI'),
      page('docs/guides/gitops.md', 'Flux and Argo CD'),
      page('docs/guides/share-a-version.md', 'Packages in a registry'),
      page('docs/guides/alchemy.md', 'Alchemy'),
      page('docs/guides/canary.md', 'Roll out step by step'),
      page('docs/guides/api-versions.md', 'Versions of an API'),
      page('docs/guides/adoption.md', 'Adopt what exists'),
      page('docs/guides/several-teams.md', 'Several teams'),
      page('docs/testing.md', 'Test'),
      page('docs/embedded-cluster.md', 'The embedded cluster'),
      page('docs/envtest.md', 'envtest'),
      page('docs/guides/other-languages.md', 'Tests in Python, Java and Rust'),
      page('docs/stand-ins.md', 'Stand-ins for other controllers'),
      page('docs/dashboard.md', 'The dashboard'),
      page('docs/editor.md', 'Your editor'),
      page('docs/hosts.md', 'Node, Bun, Deno and bundlers'),
    ],
  },
  {
    title: 'Operate',
    pages: [
      page('docs/guides/operating.md', 'Operate the controller'),
      page('docs/controller.md', 'The controller'),
      page('docs/runbook.md', 'Alerts and the runbook'),
      page('docs/guides/uninstall.md', 'Uninstall'),
      page('docs/scale.md', 'Scale and sizing'),
      page('docs/evidence.md', 'Evidence and support matrix'),
      page('docs/controller-figures.md', 'Figures of the controller'),
      page('docs/simulation.md', 'Simulation'),
      page('docs/security-self-assessment.md', 'Security self-assessment'),
      page('docs/best-practices.md', 'OpenSSF Best Practices'),
      page('SECURITY.md', 'Security'),
      page('docs/dependencies.md', 'Dependencies'),
    ],
  },
  {
    title: 'Migration',
    pages: [
      page('docs/takeover.md', 'From kro, and back'),
      page('docs/migrating-from-typekro-sdk.md', 'From the SDK before 1.0'),
      page('docs/migration/helm.md', 'From Helm'),
      page('docs/migration/kustomize.md', 'From Kustomize'),
      page('docs/migration/cdk8s.md', 'From cdk8s'),
      page('docs/migration/crossplane.md', 'From Crossplane compositions'),
      page('docs/migration/terraform-pulumi.md', 'From Terraform or Pulumi'),
    ],
  },
  {
    title: 'Reference',
    pages: [
      page('docs/commands.md', 'The command line'),
      page('docs/reference/cli.md', 'Every command'),
      page('docs/reference/api.md', 'The library'),
      page('docs/reference/simple.md', 'Arguments of the factories'),
      page('docs/reference/cel.md', 'Functions of expressions'),
      page('docs/reference/labels.md', 'Annotations and labels'),
      page('docs/reference/chart.md', 'Values of the chart'),
      page('docs/controller-log.md', 'Log of the controller'),
      page('docs/diagnostics.md', 'Diagnostics'),
      page('docs/controller-features.md', 'Features of the controller'),
      page('docs/controller-differences.md', 'Differences from kro'),
      page('packages/cel/src/README.md', 'typekro/cel'),
      page('packages/engine/src/graph/README.md', 'typekro/graph'),
    ],
  },
  { title: 'Compare', pages: [page('docs/compare.md', 'With other tools')] },
  { title: 'Factories', pages: pagesOf('docs/factories', (name) => name) },
  {
    title: 'Contributors',
    pages: [
      page('docs/first-change.md', 'Your first change'),
      page('CONTRIBUTING.md', 'Contributing'),
      page('docs/architecture.md', 'Architecture'),
      page('CODE_OF_CONDUCT.md', 'Code of conduct'),
      page('docs/glossary.md', 'Glossary'),
      page('docs/seeds.md', 'The first programs'),
      ...['compose', 'runtime', 'execute', 'controller', 'cluster', 'cli', 'kubernetes', 'golang', 'readiness'].map(
        room,
      ),
      ...pagesOf('docs/decisions', decisionTitle),
    ],
  },
];

/** All pages in the order of the navigation. */
export const PAGES: readonly NavigationPage[] = NAVIGATION.flatMap(({ pages }) => pages);
