import type {
  DeployOptions,
  CompositionApi,
  EmitOptions,
  Factory,
  FactoryOptions,
  Mode,
  NestedComposition,
} from '../../compose/index.ts';
import { defineFactory } from '../../compose/index.ts';
import type { Diagnostic, SourcePosition } from '@typekro/kit/core';
import type { RuntimeSettings, TypeKroRuntimeOptions } from './runtime-settings.ts';
import { runtimeSettings, settingsDiagnostics } from './runtime-settings.ts';
import { type KroSource, type TypeKroRuntimeSpec, type TypeKroRuntimeStatus, runtimeComposition } from './runtime.ts';

/** Deploys a runtime; see `typeKroRuntimeBootstrap`. */
export type RuntimeFactory = Factory<TypeKroRuntimeSpec, TypeKroRuntimeSpec, TypeKroRuntimeStatus>;

/** A runtime that can be deployed and printed. A composition that calls the runtime contains its resources. */
export interface RuntimeBootstrap {
  /**
   * Adds kro and references to Flux's controllers to the composition that makes the call. Flux itself must be installed
   * already.
   */
  (spec: TypeKroRuntimeSpec): NestedComposition<TypeKroRuntimeStatus>;
  /** Name of the runtime's definition. */
  readonly name: string;
  /** Warnings about the options of the runtime. */
  readonly diagnostics: readonly Diagnostic[];
  /**
   * The ResourceGraphDefinition of the runtime, without the manifests of Flux. `deploy` applies these manifests first.
   */
  toYaml(options?: EmitOptions): string;
  /** The YAML documents to apply for a spec in kro mode, without the manifests of Flux. */
  toYaml(spec: TypeKroRuntimeSpec): string;
  /**
   * A factory of the runtime. Direct mode installs the runtime that kro mode needs; kro mode is for a cluster whose
   * controller already runs.
   */
  factory(mode: Mode, options?: FactoryOptions): RuntimeFactory;
}

/** Functions of other rooms that a runtime needs. */
export interface BootstrapNeeds {
  readonly api: CompositionApi;
  /** Installs Flux in a cluster and returns the source of kro; loaded on first use. */
  readonly install: (installation: {
    readonly settings: RuntimeSettings;
    readonly namespace: string;
    readonly options: FactoryOptions;
  }) => Promise<KroSource>;
}

/** Makes a runtime with the given options. `source` is the position of the call in the program, for warnings. */
export function createRuntimeBootstrap(
  options: TypeKroRuntimeOptions,
  needs: BootstrapNeeds,
  source?: SourcePosition,
): RuntimeBootstrap {
  const settings = runtimeSettings(options);
  const composition = runtimeComposition(needs.api, settings, 'chart');
  const members = {
    diagnostics: [...settingsDiagnostics(settings, source), ...composition.diagnostics],
    toYaml: (argument?: EmitOptions | TypeKroRuntimeSpec) => composition.toYaml(argument as TypeKroRuntimeSpec),
    factory: (mode: Mode, factoryOptions: FactoryOptions = {}) =>
      runtimeFactory(mode, factoryOptions, { settings, composition, needs }),
  };
  const call = defineFactory((spec: TypeKroRuntimeSpec) => composition(spec));
  Object.defineProperty(call, 'name', { value: composition.name });
  return Object.assign(call, members);
}

interface Parts {
  readonly settings: RuntimeSettings;
  readonly composition: ReturnType<typeof runtimeComposition>;
  readonly needs: BootstrapNeeds;
}

function runtimeFactory(mode: Mode, options: FactoryOptions, { settings, composition, needs }: Parts): RuntimeFactory {
  const inner = composition.factory(mode, { namespace: settings.namespace, ...options });
  return {
    ...inner,
    toYaml: (spec) =>
      mode === 'kro' && spec === undefined
        ? inner.toYaml()
        : inner.toYaml({ namespace: settings.namespace, ...spec }) + note(settings),
    async deploy(spec: TypeKroRuntimeSpec, call?: DeployOptions) {
      const limits = { ...options, ...call };
      const kro = await needs.install({ settings, namespace: spec.namespace, options: limits });
      if (kro === 'chart') return inner.deploy(spec, call);
      const found = runtimeComposition(needs.api, settings, kro);
      return found.factory(mode, { namespace: settings.namespace, ...options }).deploy(spec, call);
    },
  };
}

/**
 * A comment in the printed YAML about Flux's manifests, which `deploy` applies first. The manifests themselves are not
 * printed, because reading them may require a network.
 */
function note({ fluxInstallation, fluxVersion, manifestsFrom }: RuntimeSettings): string {
  if (fluxInstallation === 'external') return '---\n# Flux must already be installed.\n';
  const from = manifestsFrom ?? `the release ${fluxVersion} of Flux, or stand-ins on an embedded cluster`;
  return `---\n# Before these, deploy() applies the manifests of Flux: ${from.replace(/[\r\n]+/g, ' ')}.\n`;
}
