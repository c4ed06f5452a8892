import { expect, test } from 'vitest';
import { imageTag } from './image-tag.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

// The results are those of ParseImageName of Kubernetes 1.36.
test.each([
  ['nginx', 'latest'],
  ['nginx:1', '1'],
  ['library/nginx', 'latest'],
  ['localhost/nginx', 'latest'],
  ['localhost:5000/nginx', 'latest'],
  ['localhost:5000/nginx:1', '1'],
  ['[::1]:5000/nginx:1', '1'],
  ['Registry/nginx:1', '1'],
  ['a__b/c--d.e_f:V1', 'V1'],
  [`nginx@${DIGEST}`, ''],
  [`nginx:latest@${DIGEST}`, 'latest'],
  ['Nginx', undefined],
  ['library/Nginx:1', undefined],
  ['nginx@sha256:0', undefined],
  ['nginx:latest@sha256:0', undefined],
  ['nginx:', undefined],
  ['a___b', undefined],
  [' nginx', undefined],
  ['', undefined],
  ['0'.repeat(64), undefined],
  ['a'.repeat(256), undefined],
])('the tag of %j is %j', (image, tag) => {
  expect(imageTag(image)).toBe(tag);
});
