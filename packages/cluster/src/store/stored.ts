import type { KubeObject } from '@typekro/kit/core';
import type { ConversionWebhook } from '../crd/parsed-crd.ts';
import { deepFreeze } from '../types/parts.ts';
import { isUnshared } from '../types/share-unchanged.ts';
import { Representation } from './representation.ts';

/** The results that conversion webhooks have returned so far for one write. */
export interface Conversions {
  /**
   * Returns the object in another version.
   *
   * @throws ConversionPending until the webhook has responded; ApiError when the webhook does not convert the object.
   */
  find(webhook: ConversionWebhook, object: KubeObject, apiVersion: string): KubeObject;
}

/** A served version of a resource. When the CustomResourceDefinition changes, a new served version is created. */
export interface ServedVersion {
  /** Does a webhook convert the stored object to this version? */
  isConverted(object: KubeObject): boolean;
  /** Converts a stored object to this version. `conversions` is required when a webhook converts the object. */
  fromStorage(object: KubeObject, conversions?: Conversions): KubeObject;
}

/**
 * A stored object. The object is frozen and has the storage version. Its representations (forms) in served versions are
 * cached.
 */
export class Stored {
  readonly key: string;
  readonly object: KubeObject;
  readonly version: number;
  /** The form that was read first, with its served version. Most objects have only this form. */
  #first: { readonly of: ServedVersion; readonly form: Representation } | undefined;
  #others: Map<ServedVersion, Representation> | undefined;
  /**
   * A form of the object that this object replaces. The first form of this object may copy bytes from it. `undefined`
   * once the first form exists.
   */
  #inherited: Representation | undefined;

  /** `previous` is the object that this object replaces. The bytes of equal parts are copied from `previous`. */
  constructor(key: string, object: KubeObject, version: number, previous?: Stored) {
    this.key = key;
    this.object = object;
    this.version = version;
    this.#inherited = previous?.handOver();
  }

  /** Returns the form whose bytes the successor of this object may copy. Drops the bytes of the other forms. */
  handOver(): Representation | undefined {
    const inherited = this.#inherited;
    this.#inherited = undefined;
    for (const form of this.#others?.values() ?? []) form.forgetBytes();
    return this.#first === undefined ? inherited : this.#first.form.handOver();
  }

  /** Returns the same content with another resource version. Forms that webhooks have converted are kept. */
  withVersion(version: number): Stored {
    return new Stored(this.key, versioned(this.object, version), version).withFormsOf(this);
  }

  /** Copies the webhook-converted forms from another object with the same content. Returns this object. */
  withFormsOf(other: Stored): this {
    for (const { of, form } of other.#forms()) {
      if (of.isConverted(other.object)) this.#keep(of, new Representation(versioned(form.object, this.version)));
    }
    return this;
  }

  /** Drops all forms. Called when the served versions have changed. */
  forget(): void {
    this.#first = undefined;
    this.#others = undefined;
  }

  /**
   * Returns the form of the object in a served version. The form is created at the first read. A watch that began
   * before a change of the CustomResourceDefinition keeps its old served version, so only this watch gets the old form.
   */
  as(version: ServedVersion, conversions?: Conversions): Representation {
    if (this.#first === undefined) {
      const object = version.fromStorage(this.object, conversions);
      if (isUnshared(object)) return new Representation(object);
      this.#first = { of: version, form: new Representation(object, this.#inherited) };
      this.#inherited = undefined;
    }
    if (this.#first.of === version) return this.#first.form;
    const known = this.#others?.get(version);
    if (known !== undefined) return known;
    const object = version.fromStorage(this.object, conversions);
    return isUnshared(object) ? new Representation(object) : this.#keep(version, new Representation(object));
  }

  /** Does the object have a form in this version? */
  has(version: ServedVersion): boolean {
    return this.#first?.of === version || this.#others?.has(version) === true;
  }

  /** Creates the form in a version. An existing form is replaced. */
  convert(version: ServedVersion, conversions: Conversions): void {
    this.#keep(version, new Representation(deepFreeze(version.fromStorage(this.object, conversions))));
  }

  #keep(version: ServedVersion, form: Representation): Representation {
    if (this.#first === undefined || this.#first.of === version) this.#first = { of: version, form };
    else (this.#others ??= new Map<ServedVersion, Representation>()).set(version, form);
    return form;
  }

  *#forms(): Generator<{ readonly of: ServedVersion; readonly form: Representation }> {
    if (this.#first !== undefined) yield this.#first;
    for (const [of, form] of this.#others ?? []) yield { of, form };
  }
}

/** Returns the object, frozen, with another resource version. */
export function versioned(object: KubeObject, version: number): KubeObject {
  return deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
}
