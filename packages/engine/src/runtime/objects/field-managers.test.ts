import { describe, expect, it } from 'vitest';
import { isTemplateManager, patchManager, patchPrefix, templateManager } from './field-managers.ts';

const UID = '11111111-2222-3333-4444-555555555555';

describe('the field managers of a Graph', () => {
  it('are computed from the UID of the Graph and, for a patch node, from the path of the node', () => {
    expect(templateManager(UID)).toBe('kro-graphengine.tmpl.666ff6ccaa5b');
    expect(patchManager(UID, 'p')).toBe('kro-graphengine.patch.666ff6ccaa5b.b61e050e5b09');
    expect(patchManager(UID, 'subA/res')).toBe('kro-graphengine.patch.666ff6ccaa5b.e4d92a353cee');
    expect(patchManager(UID, 'appStatus')).toBe('kro-graphengine.patch.666ff6ccaa5b.5d677c2ff22a');
  });

  it('for patch nodes begin with a part that depends on the Graph', () => {
    expect(patchPrefix(UID)).toBe('kro-graphengine.patch.666ff6ccaa5b');
  });

  it('for templates differ from the field managers for patches', () => {
    expect([templateManager(UID), patchManager(UID, 'p'), 'kubectl'].map(isTemplateManager)).toEqual([
      true,
      false,
      false,
    ]);
  });
});
