import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type ClusterStory, startClusterStory } from '../../test-support/cluster-story.ts';
import {
  eventually,
  inOwnSession,
  logOf,
  processPod as pod,
  readText,
  RUN_PROCESS as RUN,
  shell,
} from '../../test-support/process-pod.ts';

import { Watchdog } from './watchdog.ts';

const hasPhase = (story: ClusterStory, phase: string, name = 'p') =>
  eventually(async () => expect((await story.get('v1 Pod', name)).status).toMatchObject({ phase }));

test('a pod runs the command of its specification, and its status and log come from the process', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  await story.create(
    pod({
      restartPolicy: 'Never',
      containers: [
        shell('echo "$GREETING $NAME"; echo oops >&2; exit 3', {
          env: [
            { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'GREETING', value: 'hello $(HOSTNAME)' },
          ],
        }),
      ],
    }),
  );
  await hasPhase(story, 'Failed');
  expect((await story.get('v1 Pod', 'p')).status).toMatchObject({
    containerStatuses: [{ state: { terminated: { exitCode: 3, reason: 'Error' } }, imageID: 'process://none' }],
  });
  expect((await logOf(story)).split('\n').toSorted()).toEqual(['', 'hello p p', 'oops']);
});

test('a followed log ends when the container has ended and is not restarted', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  const mount = { volumeMounts: [{ name: 'data', mountPath: '/data' }] };
  await story.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'data' }, data: {} });
  const script = 'echo up; until test -f "$TYPEKRO_ROOT/data/go"; do sleep 0.05; done; echo late';
  const volumes = [{ name: 'data', configMap: { name: 'data' } }];
  await story.create(pod({ restartPolicy: 'Never', volumes, containers: [shell(script, mount)] }));
  await eventually(async () => expect(await logOf(story)).toBe('up\n'));
  const { body } = await story.cluster
    .transport()
    .request({ method: 'GET', path: '/api/v1/namespaces/default/pods/p/log?follow=true' });
  await story.patch('v1 ConfigMap', 'data', { data: { go: '' } });
  let text = '';
  for await (const chunk of body) text += Buffer.from(chunk).toString();
  expect(text).toBe('up\nlate\n');
});

test('a cluster without the option runProcesses runs no process, and says what the user can do', async () => {
  await using story = await startClusterStory();
  await story.create(pod({ containers: [shell('sleep 100')] }));
  const { status } = await story.get('v1 Pod', 'p');
  expect(status).toMatchObject({
    phase: 'Pending',
    containerStatuses: [{ state: { waiting: { reason: 'ProcessesNotAllowed' } } }],
  });
  expect(JSON.stringify(status?.['conditions'])).toContain('--run-processes');
  expect(await story.reasons('p')).toContain('ProcessesNotAllowed');
  await story.remove('v1 Pod', 'p');
  expect(await story.find('v1 Pod', 'p')).toBeUndefined();
});

test('an invalid value of the annotation typekro.dev/run causes an event, and a condition that names the valid value', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  await story.create(pod({ containers: [shell('true')] }, { annotations: { 'typekro.dev/run': 'Process' } }));
  await hasPhase(story, 'Running');
  expect(await story.reasons('p')).toContain('InvalidSimulation');
  expect((await story.get('v1 Pod', 'p')).status?.['conditions']).toContainEqual(
    expect.objectContaining({
      type: 'typekro.dev/RunsAsProcess',
      status: 'False',
      reason: 'WrongAnnotation',
      message: expect.stringContaining('"Process" is not "process", the only value'),
    }),
  );
});

test('variables and volumes come from ConfigMaps and Secrets, and files are updated when these change', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  await story.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'conf' }, data: { 'app.conf': 'one' } });
  await story.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, stringData: { TOKEN: 'abc' } });
  const script =
    'echo "$TOKEN $HOME_OF_FILES"; until grep -q two "$TYPEKRO_ROOT/etc/app/app.conf"; do sleep 0.05; done';
  await story.create(
    pod({
      restartPolicy: 'Never',
      volumes: [{ name: 'conf', configMap: { name: 'conf' } }],
      containers: [
        shell(script, {
          envFrom: [{ secretRef: { name: 'key' } }],
          env: [
            { name: 'TYPEKRO_ROOT', value: '' },
            { name: 'HOME_OF_FILES', value: '$(TYPEKRO_ROOT)/etc' },
          ],
          volumeMounts: [{ name: 'conf', mountPath: '/etc/app' }],
        }),
      ],
    }),
  );
  await eventually(async () => expect(await logOf(story)).toMatch(/^abc \/.*\/containers\/c\/etc\n$/));
  await story.patch('v1 ConfigMap', 'conf', { data: { 'app.conf': 'two' } });
  await hasPhase(story, 'Succeeded');
});

test('files are updated when their ConfigMap is created later or replaced', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  const read = 'now=$(cat "$TYPEKRO_ROOT/m/x" 2>/dev/null)';
  const script = `while :; do ${read}; [ "$now" = "$last" ] || { echo "$now"; last=$now; }; sleep 0.05; done`;
  await story.create(
    pod({
      volumes: [{ name: 'v', configMap: { name: 'late', optional: true } }],
      containers: [shell(script, { volumeMounts: [{ name: 'v', mountPath: '/m' }] })],
    }),
  );
  const late = (x: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' }, data: { x } });
  await hasPhase(story, 'Running');
  await story.create(late('one'));
  await eventually(async () => expect(await logOf(story)).toBe('one\n'));
  await story.remove('v1 ConfigMap', 'late');
  await story.create(late('two'));
  await eventually(async () => expect(await logOf(story)).toMatch(/^one\n\n?two\n$/));
});

test('a projected token has the lifetime that its volume requests, and is renewed before it expires', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  const read = 'now=$(cat "$TYPEKRO_ROOT/t/token")';
  const script = `while :; do ${read}; [ "$now" = "$last" ] || { echo "$now"; last=$now; }; sleep 0.05; done`;
  const sources = [{ serviceAccountToken: { path: 'token', expirationSeconds: 600 } }];
  await story.create(
    pod({
      volumes: [{ name: 'v', projected: { sources } }],
      containers: [shell(script, { volumeMounts: [{ name: 'v', mountPath: '/t' }] })],
    }),
  );
  const start = story.clock.now() / 1000;
  const lives = async () =>
    (await logOf(story))
      .split('\n')
      .slice(0, -1)
      .map((token) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()))
      .map(({ iat, exp }) => [iat - start, exp - start]);
  await eventually(async () => expect(await lives()).toEqual([[0, 600]]));
  await story.advance(479);
  await story.advance(1);
  await eventually(async () =>
    expect(await lives()).toEqual([
      [0, 600],
      [480, 1080],
    ]),
  );
});

test('an event reports that the ConfigMap of a mounted volume is gone', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  await story.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'conf' }, data: { x: 'one' } });
  await story.create(
    pod({
      volumes: [{ name: 'v', configMap: { name: 'conf' } }],
      containers: [shell('while :; do sleep 0.05; done', { volumeMounts: [{ name: 'v', mountPath: '/m' }] })],
    }),
  );
  await hasPhase(story, 'Running');
  await story.remove('v1 ConfigMap', 'conf');
  await eventually(async () => expect(await story.reasons('p')).toContain('FailedMount'));
});

test('a pod whose service account is missing waits, and starts when the account exists', async () => {
  await using story = await startClusterStory({ runProcesses: true, serviceAccountAdmission: false });
  const volumes = [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }];
  const containers = [shell('true', { volumeMounts: [{ name: 'v', mountPath: '/t' }] })];
  await story.create(pod({ restartPolicy: 'Never', serviceAccountName: 'late', volumes, containers }));
  const message = 'failed to fetch token: serviceaccounts "late" not found';
  await eventually(async () =>
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({
      containerStatuses: [{ state: { waiting: { reason: 'ContainerCreating', message } } }],
    }),
  );
  expect((await story.list('v1 Event')).map((event) => [event['reason'], event['message']])).toContainEqual([
    'FailedMount',
    `MountVolume.SetUp failed: ${message}`,
  ]);
  await story.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'late' } });
  await story.advance(10);
  await hasPhase(story, 'Succeeded');
});

test('a container that lacks a Secret waits, and starts when the Secret exists', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  await story.create(
    pod({ restartPolicy: 'Never', containers: [shell('true', { envFrom: [{ secretRef: { name: 'late' } }] })] }),
  );
  await eventually(async () =>
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({
      containerStatuses: [
        { state: { waiting: { reason: 'CreateContainerConfigError', message: 'secret "late" not found' } } },
      ],
    }),
  );
  await story.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'late' } });
  await story.advance(10);
  await hasPhase(story, 'Succeeded');
});

test('a container that fails is restarted, first at once, and then after growing pauses', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  await story.create(pod({ containers: [shell('echo run; exit 1')] }));
  const waits = (restartCount: number, pause: number) =>
    eventually(async () =>
      expect((await story.get('v1 Pod', 'p')).status).toMatchObject({
        containerStatuses: [
          {
            restartCount,
            state: { waiting: { reason: 'CrashLoopBackOff', message: expect.stringContaining(`back-off ${pause}s`) } },
            lastState: { terminated: { exitCode: 1 } },
          },
        ],
      }),
    );
  await waits(1, 10);
  await story.advance(10);
  await waits(2, 20);
  expect(await logOf(story, 'p', '?previous=true')).toBe('run\n');
  expect(await story.reasons('p')).toContain('BackOff');
});

test('init containers run in order, and a sidecar keeps running with the containers', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  await story.create(
    pod({
      restartPolicy: 'Never',
      volumes: [{ name: 'shared', emptyDir: {} }],
      initContainers: [
        {
          ...shell('echo first > "$TYPEKRO_ROOT/data/a"'),
          name: 'first',
          volumeMounts: [{ name: 'shared', mountPath: '/data' }],
        },
        { ...shell('trap "exit 0" TERM; while :; do sleep 0.05; done'), name: 'side', restartPolicy: 'Always' },
      ],
      containers: [shell('cat "$TYPEKRO_ROOT/data/a"', { volumeMounts: [{ name: 'shared', mountPath: '/data' }] })],
    }),
  );
  await hasPhase(story, 'Succeeded');
  expect(await logOf(story)).toBe('first\n');
  expect((await story.get('v1 Pod', 'p')).status).toMatchObject({
    initContainerStatuses: [
      { name: 'first', ready: true, state: { terminated: { exitCode: 0 } } },
      { name: 'side', state: { terminated: {} } },
    ],
  });
});

test('a deleted pod gets SIGTERM, and SIGKILL when its grace period is over', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  await story.create(pod({ containers: [shell('trap "echo term" TERM; echo up; while :; do sleep 0.05; done')] }));
  await eventually(async () => expect(await logOf(story)).toBe('up\n'));
  await story.remove('v1 Pod', 'p');
  await eventually(async () => expect(await logOf(story)).toBe('up\nterm\n'));
  expect((await story.get('v1 Pod', 'p')).metadata.deletionTimestamp).toBeDefined();
  await story.advance(30);
  await eventually(async () => expect(await story.find('v1 Pod', 'p')).toBeUndefined());
});

test('after a second deletion with a shorter grace period, the processes are killed earlier', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  await story.create(pod({ containers: [shell('trap "echo term" TERM; echo up; while :; do sleep 0.05; done')] }));
  await eventually(async () => expect(await logOf(story)).toBe('up\n'));
  await story.remove('v1 Pod', 'p');
  await eventually(async () => expect(await logOf(story)).toBe('up\nterm\n'));
  await readText(story, '/api/v1/namespaces/default/pods/p?gracePeriodSeconds=2', {}, 'DELETE');
  await story.advance(1);
  expect(await story.find('v1 Pod', 'p')).toBeDefined();
  await story.advance(1);
  await eventually(async () => expect(await story.find('v1 Pod', 'p')).toBeUndefined());
});

test('readiness follows the readiness probe, and a failed liveness probe restarts the container', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  const file = '"$TYPEKRO_ROOT/data/ok"';
  await story.create(
    pod({
      volumes: [{ name: 'data', emptyDir: {} }],
      containers: [
        shell('while :; do sleep 0.05; done', {
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
          lifecycle: { postStart: { exec: { command: ['sh', '-c', `touch ${file}`] } } },
          readinessProbe: { exec: { command: ['sh', '-c', `test -f ${file}`] }, timeoutSeconds: 20 },
          livenessProbe: {
            exec: { command: ['sh', '-c', `test -f ${file} && rm ${file}`] },
            initialDelaySeconds: 5,
            failureThreshold: 1,
            timeoutSeconds: 20,
          },
        }),
      ],
    }),
  );
  const restarts = (restartCount: number, ready: boolean) =>
    eventually(async () =>
      expect((await story.get('v1 Pod', 'p')).status).toMatchObject({ containerStatuses: [{ restartCount, ready }] }),
    );
  await restarts(0, true);
  // The first liveness probe removes the file, so the second probe fails.
  await story.advance(5);
  await eventually(async () => {
    await story.advance(10);
    expect(await story.reasons('p')).toContain('Unhealthy');
  });
  await restarts(1, true);
});

test('a container becomes ready when the pause of its postStart hook (sleep) has ended', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  const lifecycle = { postStart: { sleep: { seconds: 5 } } };
  await story.create(pod({ containers: [shell('echo up; while :; do sleep 0.05; done', { lifecycle })] }));
  await eventually(async () => expect(await logOf(story)).toBe('up\n'));
  const hasReadiness = async (ready: boolean) =>
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({ containerStatuses: [{ ready }] });
  await hasReadiness(false);
  await story.advance(4);
  await hasReadiness(false);
  await story.advance(1);
  await eventually(() => hasReadiness(true));
});

test('after a failed liveness probe, the container is killed when the grace period of the probe has passed', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  const livenessProbe = {
    exec: { command: ['false'] },
    initialDelaySeconds: 1,
    failureThreshold: 1,
    timeoutSeconds: 20,
    terminationGracePeriodSeconds: 2,
  };
  const script = 'trap "" TERM; echo up; while :; do sleep 0.05; done';
  await story.create(pod({ terminationGracePeriodSeconds: 600, containers: [shell(script, { livenessProbe })] }));
  await eventually(async () => expect(await logOf(story)).toBe('up\n'));
  await story.advance(1);
  await eventually(async () => expect(await story.reasons('p')).toContain('Killing'));
  await story.advance(2);
  await eventually(async () =>
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({ containerStatuses: [{ restartCount: 1 }] }),
  );
});

test('the kubeconfig of a program has the URL of the API, and Endpoints have the loopback address of the pod', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  await using listener = { ...(await story.cluster.listen()), [Symbol.asyncDispose]: () => Promise.resolve() };
  await story.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  });
  const web = pod({
    containers: [shell('echo "$KUBERNETES_SERVICE_PORT"; cat "$KUBECONFIG"; echo; while :; do sleep 0.05; done')],
  });
  await story.create({ ...web, metadata: { ...web.metadata, labels: { app: 'web' } } });
  await eventually(async () => expect(await logOf(story)).toContain(listener.url));
  expect(await logOf(story)).toContain(`${new URL(listener.url).port}\n`);
  const { status } = await story.get('v1 Pod', 'p');
  await eventually(async () =>
    expect((await story.get('v1 Endpoints', 'web'))['subsets']).toMatchObject([
      { addresses: [{ ip: status?.['podIP'] }], ports: [{ port: 8080 }] },
    ]),
  );
  expect(status?.['podIP']).toMatch(/^127\./);
});

/** Starts 40 processes, and not endlessly many, so that the program ends even if the test fails. */
const STARTS_MANY = 'a=; while [ ${#a} -lt 40 ]; do a=x$a; sleep 100 & done; wait';

const GROWS = 'a=x; while [ ${#a} -lt 200000000 ]; do a=$a$a; done; sleep 1000';

test.each([
  ['forks for ever', '1Gi', 'while :; do sleep 100 & done', 'Error', 'the limit is 20'],
  ['forks in another session', '1Gi', `${inOwnSession(STARTS_MANY)}; sleep 1000`, 'Error', 'the limit is 20'],
  // The program stops growing at 256 MiB. A shell that doubled its text endlessly would run out of memory and end
  // between two measurements.
  ['takes more memory than its limit', '64Mi', GROWS, 'OOMKilled', 'the limit is 64 MiB'],
  ['grows in another session', '64Mi', `${inOwnSession(GROWS)}; sleep 1000`, 'OOMKilled', 'the limit is 64 MiB'],
])('a container that %s is killed', async (_title, memory, script, reason, message) => {
  await using story = await startClusterStory({ runProcesses: true });
  const limited = shell(script, { resources: { limits: { memory } } });
  const annotations = { ...RUN, 'typekro.dev/max-processes': '20' };
  await story.create(pod({ restartPolicy: 'Never', containers: [limited] }, { annotations }));
  await eventually(async () =>
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({
      phase: 'Failed',
      containerStatuses: [
        { state: { terminated: { exitCode: 137, reason, message: expect.stringContaining(message) } } },
      ],
    }),
  );
});

test('a container that writes continuously leaves the cluster responsive', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  await story.create(pod({ containers: [shell('yes | tr -d "\\n"')] }, { name: 'long' }));
  await story.create(pod({ containers: [shell('yes')] }, { name: 'short' }));
  await eventually(async () => expect((await logOf(story, 'short')).length).toBeGreaterThan(20_000));
  await eventually(async () => expect((await logOf(story, 'long')).length).toBeGreaterThan(300_000));
});

test('the status says why a program cannot start', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  await story.create(
    pod({
      restartPolicy: 'Never',
      containers: [
        { name: 'absent', image: 'i', command: ['no-such-program'] },
        { name: 'folder', image: 'i', command: ['sh'], workingDir: '/no/such/folder' },
      ],
    }),
  );
  await hasPhase(story, 'Failed');
  expect((await story.get('v1 Pod', 'p')).status).toMatchObject({
    containerStatuses: [
      {
        state: {
          terminated: {
            exitCode: 128,
            reason: 'StartError',
            message: 'exec: "no-such-program": executable file not found in $PATH',
          },
        },
      },
      { state: { terminated: { message: 'the working directory "/no/such/folder" does not exist' } } },
    ],
  });
});

test('closing the cluster ends all processes and removes their files', async () => {
  let path = '';
  {
    await using story = await startClusterStory({ runProcesses: true });
    await story.create(
      pod({ containers: [shell('trap "" TERM; echo "$TYPEKRO_ROOT"; sleep 1000 & echo $$$$; wait')] }),
    );
    await eventually(async () => expect(await logOf(story)).toMatch(/^\/.*\n\d+\n$/));
    path = (await logOf(story)).split('\n')[0] ?? '';
    expect(existsSync(path)).toBe(true);
    const id = Number((await logOf(story)).split('\n')[1]);
    await story.cluster.close();
    await eventually(() => Promise.resolve(expect(() => process.kill(-id, 0)).toThrow('ESRCH')));
  }
  await eventually(() => Promise.resolve(expect(existsSync(path)).toBe(false)));
});

test('the files of a deleted pod, even in read-only folders, are removed after its processes have ended', async () => {
  await using story = await startClusterStory({ runProcesses: true });
  const script =
    'mkdir "$TYPEKRO_ROOT/d/cache"; touch "$TYPEKRO_ROOT/d/cache/a"; chmod 500 "$TYPEKRO_ROOT/d/cache"; ' +
    'echo "$TYPEKRO_ROOT"; while :; do echo x > "$TYPEKRO_ROOT/d/$((n += 1))"; done';
  await story.create(
    pod({
      volumes: [{ name: 'd', emptyDir: {} }],
      containers: [shell(script, { volumeMounts: [{ name: 'd', mountPath: '/d' }] })],
    }),
  );
  await eventually(async () => expect(await logOf(story)).toMatch(/^\/.*\n$/));
  const folder = dirname(dirname((await logOf(story)).trim()));
  expect(existsSync(folder)).toBe(true);
  await readText(story, '/api/v1/namespaces/default/pods/p?gracePeriodSeconds=0', {}, 'DELETE');
  await eventually(() => Promise.resolve(expect(existsSync(folder)).toBe(false)));
  expect(await story.find('v1 Pod', 'p')).toBeUndefined();
});

test('the watchdog kills the remaining processes when its pipe ends', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-watchdog-'));
  const watchdog = new Watchdog(folder);
  const group = (): number => spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).pid ?? 0;
  const [left, removed] = [group(), group()];
  watchdog.add(left);
  watchdog.add(removed);
  watchdog.remove(removed);
  watchdog.close();
  await eventually(() => Promise.resolve(expect(() => process.kill(-left, 0)).toThrow('ESRCH')));
  await eventually(() => Promise.resolve(expect(existsSync(folder)).toBe(false)));
  expect(process.kill(-removed, 'SIGKILL')).toBe(true);
});
