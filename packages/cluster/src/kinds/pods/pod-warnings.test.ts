import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { podWarnings } from './pod-warnings.ts';

const withPorts = (ports: JsonObject[]): JsonObject => ({ spec: { containers: [{ name: 'c', ports }] } });
const port = (more: JsonObject = {}): JsonObject => ({ containerPort: 80, protocol: 'TCP', ...more });
const at = (index: number): string => `spec.containers[0].ports[${index}]`;

describe('the warnings about ports', () => {
  test('name each earlier port that may conflict, in the order of the ports', () => {
    const ports = [port({ hostPort: 1 }), port(), port({ hostPort: 2 }), port({ hostPort: 1 }), port()];
    expect(podWarnings(withPorts(ports), '')).toEqual([
      `${at(1)}: overlapping port definition with ${at(0)}`,
      `${at(2)}: overlapping port definition with ${at(1)}`,
      `${at(3)}: duplicate port definition with ${at(0)}`,
      `${at(3)}: overlapping port definition with ${at(1)}`,
      `${at(4)}: overlapping port definition with ${at(0)}`,
      `${at(4)}: duplicate port definition with ${at(1)}`,
      `${at(4)}: overlapping port definition with ${at(2)}`,
      `${at(4)}: overlapping port definition with ${at(3)}`,
    ]);
  });

  test('are limited to 100 for many equal ports', () => {
    const many = Array.from({ length: 3000 }, () => port());
    expect(podWarnings(withPorts(many), '').length).toBe(100);
  });
});
