import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { parse } from 'yaml'
import { parseDuration } from '../../src/config/units.ts'
import {
  type Container,
  type DeploymentSpec,
  FILES,
  FOLDER,
  manifest,
  type PodSpec,
  readManifests,
  type ServiceSpec,
  type WrittenConfig,
  writtenConfig
} from './manifests.ts'

/** Seconds that a gateway may take behind `shutdown.timeout`: what is written down, and traces that are sent. */
const MARGIN = 5

const seconds = (text: string): number => parseDuration(text)! / 1000

async function serviceSpec(name: string): Promise<ServiceSpec> {
  return (await manifest('Service', name)).spec as ServiceSpec
}

suite('deploy/kubernetes', () => {
  let config: WrittenConfig
  let deployment: DeploymentSpec
  let pod: PodSpec
  let gateway: Container

  before(async () => {
    config = await writtenConfig()
    deployment = (await manifest('Deployment', 'xecureapi')).spec as DeploymentSpec
    pod = deployment.template.spec
    gateway = pod.containers[0]!
  })

  test('is made of objects, each with its kind and name, and all are applied', async () => {
    const all = (await Promise.all(FILES.map(readManifests))).flat()
    for (const { apiVersion, kind, metadata } of all) {
      assert.match(apiVersion, /^(?:[a-z.0-9]+\/)?v\d+$/)
      assert.match(kind, /^[A-Z]\w+$/)
      assert.match(metadata.name, /^[a-z-]+$/)
    }
    const { resources } = parse(await readFile(join(FOLDER, 'kustomization.yaml'), 'utf8')) as {
      resources: string[]
    }
    assert.deepEqual(resources.toSorted(), FILES)
  })

  test('selects its pods by labels that they have', async () => {
    const { labels } = deployment.template.metadata
    const budget = (await manifest('PodDisruptionBudget', 'xecureapi')).spec as DeploymentSpec
    const policy = (await manifest('NetworkPolicy', 'xecureapi')).spec as {
      podSelector: DeploymentSpec['selector']
    }
    const services = await Promise.all(['xecureapi', 'xecureapi-admin'].map(serviceSpec))
    for (const selector of [
      deployment.selector.matchLabels,
      budget.selector.matchLabels,
      policy.podSelector.matchLabels,
      ...services.map(({ selector }) => selector)
    ]) {
      assert.deepEqual(selector, labels)
    }
  })

  test('names the ports that the configuration listens on, and sends clients to the one that is published', async () => {
    const ports = Object.fromEntries(gateway.ports.map(({ name, containerPort }) => [name, containerPort]))
    assert.deepEqual(ports, {
      https: config.server.port,
      http: config.server.redirect.port,
      admin: config.admin.port
    })
    const service = await serviceSpec('xecureapi')
    const published = Object.fromEntries(service.ports.map(({ port, targetPort }) => [targetPort!, port]))
    assert.deepEqual(published, { https: config.server.redirect.httpsPort, http: 80 })
    const admin = await serviceSpec('xecureapi-admin')
    assert.deepEqual(
      admin.ports.map(({ port, targetPort }) => [targetPort, port]),
      [['admin', config.admin.port]]
    )
  })

  test('is asked by the kubelet what needs no token', () => {
    const { readinessProbe, livenessProbe, startupProbe } = gateway
    for (const [probe, path] of [
      [readinessProbe, '/readyz'],
      [livenessProbe, '/healthz'],
      [startupProbe, '/healthz']
    ] as const) {
      assert.deepEqual(probe?.httpGet, { path, port: 'admin' })
    }
    assert.notEqual(config.admin.host, '127.0.0.1')
  })

  test('has time for its stop, and is out of the balancing before it ends', () => {
    const { delay, timeout } = config.server.shutdown
    assert.ok(pod.terminationGracePeriodSeconds >= seconds(timeout) + MARGIN)
    const { periodSeconds, failureThreshold = 3 } = gateway.readinessProbe
    assert.ok(seconds(delay) > periodSeconds * (failureThreshold + 1))
    assert.ok(seconds(timeout) > seconds(delay))
    assert.equal(gateway.lifecycle, undefined)
  })

  test('finds all files that the configuration names, in folders that may change while it runs', () => {
    const mounts = gateway.volumeMounts!
    const volumes = new Set(pod.volumes!.map(({ name }) => name))
    for (const { name, subPath } of mounts) {
      assert.ok(volumes.has(name), name)
      assert.equal(subPath, undefined)
    }
    const mountOf = (file: string) => mounts.find(({ mountPath }) => `${file}/`.startsWith(`${mountPath}/`))
    const text = JSON.stringify(config)
    const secrets = [...text.matchAll(/\$\{file:([^}]+)\}/g)].map(([, file = '']) => file)
    assert.ok(secrets.length > 0)
    const files = config.server.tls.certificates.flatMap(({ cert, key }) => [cert, key])
    for (const file of [...secrets, ...files]) assert.equal(mountOf(file)?.readOnly, true, file)
    assert.equal(mountOf(gateway.command!.at(-1)!)?.readOnly, true)
    const store = mountOf(config.store.path)
    assert.equal(store?.readOnly, undefined)
    assert.ok('emptyDir' in pod.volumes!.find(({ name }) => name === store?.name)!)
  })

  test('has no rights that it does not need', () => {
    assert.equal(pod.automountServiceAccountToken, false)
    assert.equal(pod.securityContext?.runAsNonRoot, true)
    assert.notEqual(pod.securityContext?.runAsUser ?? 0, 0)
    assert.deepEqual(gateway.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] }
    })
  })

  test('has as many workers as CPUs that it asks for', () => {
    assert.equal(Number(gateway.resources!.requests.cpu), config.server.workers)
  })

  test('shows a service that pauses for as long as its address may be believed', async () => {
    const { template } = (await manifest('Deployment', 'catalog')).spec as DeploymentSpec
    const { terminationGracePeriodSeconds, containers } = template.spec
    const pause = Number(containers[0]!.lifecycle!.preStop.exec.command.at(-1))
    // In the cache of the cluster's name server, and for `refresh`.
    assert.ok(pause >= 5 + 5)
    assert.ok(terminationGracePeriodSeconds > pause + 30, 'timeouts.response of what is in flight')
    const text = JSON.stringify(config)
    assert.ok(text.includes('"name":"catalog.shop.svc.cluster.local","port":3000'))
    assert.ok(text.includes(`"path":"${containers[0]!.readinessProbe.httpGet.path}"`))
    const service = await serviceSpec('catalog')
    assert.deepEqual(service.selector, template.metadata.labels)
  })
})
