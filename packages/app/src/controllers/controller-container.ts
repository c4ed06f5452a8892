import { type JsonObject, type KubeObject, getOwn } from '@typekro/kit/core';
import { CONTROLLER_FLAGS } from '@typekro/controller/controller';
import type { KroCompatibility } from '@typekro/engine/graph';
import { asTexts, objectsAt, textAt } from '@typekro/kit/kubernetes';

/** The project to which a controller for definitions belongs. */
type ControllerProject = 'kro' | 'typekro';

/** The controller that a Deployment runs. */
export interface DeployedController {
  readonly project: ControllerProject;
  readonly image: string;
  /** The words of its command line from the first flag on. */
  readonly flags: readonly string[];
  /** The release line of kro. Absent for TypeKro's controller, and when the version cannot be parsed. */
  readonly released?: KroCompatibility;
}

/** The charts of both projects write their project's name into this label. */
const NAME_LABEL = 'app.kubernetes.io/name';
const VERSION_LABEL = 'app.kubernetes.io/version';
const PROJECTS: readonly ControllerProject[] = ['typekro', 'kro'];

/**
 * Returns the controller that a Deployment runs, or `undefined` when it runs none. The label names the project, but
 * other components of the project have the same label. The Deployment must therefore also have a container of the
 * controller. When the label is absent, the image determines the project.
 */
export function deployedController(object: Pick<KubeObject, 'metadata' | 'spec'>): DeployedController | undefined {
  const { labels = {} } = object.metadata;
  const label = getOwn(labels, NAME_LABEL);
  for (const project of PROJECTS) {
    if (label !== undefined && label !== project) continue;
    const container = label === undefined ? byImage(object, project) : controllerContainer(object, project);
    if (container === undefined) continue;
    const image = textAt(container, 'image');
    const released =
      project === 'kro'
        ? (levelOfVersion(tagOf(image)) ?? levelOfVersion(getOwn(labels, VERSION_LABEL) ?? ''))
        : undefined;
    return { project, image, flags: flagsOf(container), ...(released === undefined ? {} : { released }) };
  }
  return undefined;
}

/**
 * Finds the controller's container in a Deployment by one of three marks. In order of precedence, these are the image
 * of the project, a container name equal to the project's name (as in kro's chart), and a flag of the controller.
 * Returns `undefined` when no container has a mark.
 */
export function controllerContainer(
  object: Pick<KubeObject, 'spec'>,
  project: ControllerProject,
): JsonObject | undefined {
  const containers = containersOf(object);
  return (
    byImage(object, project) ??
    containers.find((each) => textAt(each, 'name') === project) ??
    containers.find((each) => flagsOf(each).some(isFlag))
  );
}

const containersOf = ({ spec }: Pick<KubeObject, 'spec'>): readonly JsonObject[] =>
  objectsAt(spec, 'template', 'spec', 'containers');

/** Finds the container with the image `…/PROJECT`, or `…/PROJECT/controller` as in kro's first releases. */
function byImage(object: Pick<KubeObject, 'spec'>, project: ControllerProject): JsonObject | undefined {
  return containersOf(object).find((each) => {
    const [name, folder] = pathOf(textAt(each, 'image')).split('/').toReversed();
    return name === project || (name === 'controller' && folder === project);
  });
}

/** An image reference without its digest. */
const withoutDigest = (image: string): string => image.split('@')[0] ?? '';

/** An image reference without its tag and digest: `registry.k8s.io/kro/kro` for `registry.k8s.io/kro/kro:v0.9.2`. */
const pathOf = (image: string): string => withoutDigest(image).replace(/:[^/:]*$/, '');

const tagOf = (image: string): string => withoutDigest(image).slice(pathOf(image).length + 1);

/** kro 0.10 is the first release with the graph engine. */
const FIRST_ENGINE_MINOR = 10;

/**
 * The release line of a version of kro: `0.10` for 0.10 (including release candidates) and later versions, `0.9` for
 * earlier versions.
 */
function levelOfVersion(version: string): KroCompatibility | undefined {
  const [, major, minor] = /^v?(\d{1,4})\.(\d{1,4})\b/.exec(version) ?? [];
  if (major === undefined) return undefined;
  return Number(major) > 0 || Number(minor) >= FIRST_ENGINE_MINOR ? '0.10' : '0.9';
}

/** The command and arguments of a container, from the first flag on. */
function flagsOf(container: JsonObject): readonly string[] {
  const words = [...asTexts(container['command']), ...asTexts(container['args'])];
  const first = words.findIndex((word) => word.startsWith('-'));
  return first === -1 ? [] : words.slice(first);
}

const FLAGS: ReadonlySet<string> = new Set(CONTROLLER_FLAGS.map(({ name }) => name));

const isFlag = (word: string): boolean => FLAGS.has(/^--?([^=]+)/.exec(word)?.[1] ?? '');
