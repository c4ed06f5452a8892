import { describe, expect, test } from 'vitest';
import { pluralize } from './pluralize.ts';

const SAMPLES = `webapp→webapps policy→policies proxy→proxies gateway→gateways database→databases ingress→ingresses
 status→statuses bus→buses box→boxes mesh→meshes hash→hashes person→people child→children index→indices
 vertex→vertices matrix→matrices analysis→analyses axis→axes alias→aliases virus→viruses hero→heroes echo→echoes
 memo→memoes video→videoes photo→photos leaf→leaves schema→schemas data→data metadata→metadata quiz→quizzes
 redis→redis kubernetes→kubernetes settings→settings apps→apps aws→aws eks→eks dns→dnsDNSes https→httpsHTTPSes
 octopus→octupuses roof→roofs knife→knives ox→oxen radius→radii sheep→sheep series→series vpc→vpcs news→news
 medium→media tooth→teeth woman→women potato→potatoes process→processes people→people bush→bushes api→apis id→ids
 mysqldatabase→mysqldatabases day→days key→keys mouse→mice`;

describe('pluralize', () => {
  test.each(
    SAMPLES.trim()
      .split(/\s+/)
      .map((pair) => pair.split('→')),
  )('%s becomes %s', (word, plural) => {
    expect(pluralize(word ?? '')).toBe(plural);
  });

  test('lower-cases a kind before it forms the plural', () => {
    expect(pluralize('WebAppPolicy')).toBe('webapppolicies');
  });

  test.each(['constructor', '__proto__', ''])('treats %j as an ordinary word', (word) => {
    expect(pluralize(word)).toBe(word === '' ? '' : `${word}s`);
  });
});
