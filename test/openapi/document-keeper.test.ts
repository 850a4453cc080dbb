import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { composeAll, makeContract, read } from '../../src/openapi/composer-tasks.ts'
import {
  type DocumentComposer,
  DocumentKeeper,
  type DocumentKeeperOptions
} from '../../src/openapi/document-keeper.ts'
import type { DocumentAnswer, DocumentRequest } from '../../src/openapi/fetch-document.ts'
import type { PublishedDocuments } from '../../src/openapi/published.ts'
import type { GatewayConfig, RouteConfig } from '../../src/config/types.ts'
import { UpstreamRegistry } from '../../src/upstreams/registry.ts'
import { until } from '../helpers/until.ts'
import { group } from '../upstreams/groups.ts'
import { BASE, operation, route, service } from './compose-parts.ts'

const GOOD = JSON.stringify(service({ '/x': { get: operation('x') } }))
const OTHER = JSON.stringify(service({ '/y': { get: operation('y') } }))

/** Does it all at once, in this thread. */
const HERE: DocumentComposer = {
  read: async (task) => read({ ...task, kind: 'read' }),
  compose: async (task) => composeAll({ ...task, kind: 'compose' }, BASE),
  contract: async (task) => await makeContract({ ...task, kind: 'contract' }),
  stop: () => {}
}

interface Lab {
  readonly keeper: DocumentKeeper
  readonly registry: UpstreamRegistry
  readonly asked: DocumentRequest[]
  readonly events: string[]
  readonly published: PublishedDocuments[]
  /** What backends answer from now on. */
  answer: (request: DocumentRequest) => DocumentAnswer | Promise<DocumentAnswer>
  readonly paths: () => string[]
  readonly follow: (routes?: readonly RouteConfig[], more?: Partial<GatewayConfig>) => void
}

function lab(t: TestContext, options: Partial<DocumentKeeperOptions> = {}): Lab {
  const registry = new UpstreamRegistry()
  const upstreams = [
    group('a', ['a1', 'a2'], { openapi: '/openapi.json', healthCheck: undefined as never }),
    group('b', ['b1'], { openapi: '/b.yaml', healthCheck: undefined as never }),
    group('none', ['n1'])
  ]
  registry.prepare(upstreams)
  registry.commit(upstreams, 1)
  const asked: DocumentRequest[] = []
  const events: string[] = []
  const published: PublishedDocuments[] = []
  const keeper = new DocumentKeeper({
    log: { info: () => {}, warn: () => {} },
    groups: () => registry.groups,
    onEvent: ({ group: name, state, reason, kept }) =>
      events.push([name, state, reason, kept].filter((each) => each !== undefined).join(' ')),
    onChange: (documents) => published.push(documents),
    ask: async (request) => {
      asked.push(request)
      return await made.answer(request)
    },
    composer: HERE,
    refresh: 50,
    firstPause: 20,
    random: () => 0.5,
    ...options
  })
  t.after(() => keeper.stop())
  const made: Lab = {
    keeper,
    registry,
    asked,
    events,
    published,
    answer: () => ({ bytes: Buffer.from(GOOD), etag: '"1"' }),
    paths: () => {
      const { body } = published.at(-1)!
      return Object.keys((JSON.parse(Buffer.from(body).toString()) as { paths: object }).paths)
    },
    follow: (routes = [route('/a', 'a', { rewrite: '/' }), route('/b', 'b', { rewrite: '/' })], more = {}) =>
      keeper.follow({ docs: { enabled: true, path: '/docs' }, routes, upstreams, ...more })
  }
  return made
}

suite('the keeper of the documents', () => {
  test('asks every group that has one, and composes them once all have answered', async (t) => {
    const { follow, asked, published, events, paths, keeper } = lab(t)
    follow()
    await until('it is composed', () => published.length > 0)
    assert.deepEqual(paths(), ['/a/x', '/b/x'])
    assert.deepEqual([...new Set(asked.map(({ path }) => path))].toSorted(), ['/b.yaml', '/openapi.json'])
    assert.deepEqual(events.toSorted(), ['a composed', 'b composed'])
    assert.deepEqual(
      keeper
        .view()
        .groups.map(({ group: name, state, described, composed }) => [name, state, described, composed]),
      [
        ['a', 'composed', 1, 1],
        ['b', 'composed', 1, 1]
      ]
    )
  })

  test('keeps the last good one while there is none, tells it once, and tells when it is back', async (t) => {
    const made = lab(t)
    made.follow()
    await until('it is composed', () => made.published.length > 0)
    made.answer = ({ path }) =>
      path === '/b.yaml' ? { reason: 'status_500' } : { bytes: Buffer.from('{}'), etag: undefined }
    await until('both are told', () => made.events.length >= 4)
    const before = made.asked.length
    await until('it was asked again', () => made.asked.length > before + 3)
    assert.deepEqual(made.events.slice(2).toSorted(), [
      'a failing version_unsupported true',
      'b failing status_500 true'
    ])
    assert.deepEqual(made.paths(), ['/a/x', '/b/x'])
    made.answer = () => ({ bytes: Buffer.from(OTHER), etag: undefined })
    await until('it is composed anew', () => made.paths()[0] === '/a/y', 30_000)
    assert.ok(made.events.slice(4).includes('a composed'))
  })

  test('stays with the backend whose document it has, and asks whether that has changed', async (t) => {
    const made = lab(t)
    made.answer = ({ etag }) =>
      etag === '"1"' ? { isUnchanged: true } : { bytes: Buffer.from(GOOD), etag: '"1"' }
    made.follow()
    await until('it was asked again', () => made.asked.length > 8 && made.published.length > 0)
    const ofA = made.asked.filter(({ path }) => path === '/openapi.json')
    assert.equal(new Set(ofA.map(({ url }) => url)).size, 1)
    assert.deepEqual(
      ofA.slice(0, 3).map(({ etag }) => etag),
      [undefined, '"1"', '"1"']
    )
    assert.equal(made.published.length, 1)
  })

  test('asks another backend when one fails, and none that may have no traffic', async (t) => {
    const made = lab(t)
    made.registry.setState('b', 'b1:80', 'disabled')
    made.answer = ({ url }) =>
      url === 'http://a1' ? { reason: 'connect_refused' } : { bytes: Buffer.from(GOOD), etag: undefined }
    made.follow()
    await until('it is composed', () => made.published.length > 0)
    assert.deepEqual(made.paths(), ['/a/x'])
    assert.ok(made.asked.every(({ path }) => path !== '/b.yaml'))
    // That nobody is well is told elsewhere.
    assert.deepEqual(made.events, ['a composed'])
    made.registry.setState('b', 'b1:80', 'active')
    made.keeper.lookAgain('b')
    await until('it is composed too', () => made.paths().length === 2)
  })

  test('composes again when routes change, with the documents that it has', async (t) => {
    const made = lab(t, { refresh: 60_000 })
    made.follow()
    await until('it is composed', () => made.published.length > 0)
    const asked = made.asked.length
    made.follow([route('/other', 'a', { rewrite: '/' })])
    await until('it is composed anew', () => made.published.length > 1)
    assert.deepEqual(made.paths(), ['/other/x'])
    assert.equal(made.asked.length, asked)
    made.follow([route('/other', 'a', { rewrite: '/' })])
    assert.equal(made.published.length, 2)
  })

  test('has ready what requests will be checked by, and asks for nothing that nobody wants', async (t) => {
    const made = lab(t, { refresh: 60_000 })
    made.follow()
    await until('it is composed', () => made.published.length > 0)
    assert.deepEqual(made.published.at(-1)!.contracts, [])
    const routes = [route('/a', 'a', { rewrite: '/', validateRequests: true })]
    await made.keeper.prepare({ routes })
    assert.deepEqual(
      made.published.at(-1)!.contracts.map((each) => each.group),
      ['a']
    )
    made.follow(routes, { docs: { enabled: false, path: '/docs' } })
    assert.deepEqual(
      made.keeper.view().groups.map((each) => each.group),
      ['a']
    )
  })

  test('does not wait for a group that does not answer', async (t) => {
    const made = lab(t)
    made.answer = async ({ path }) =>
      path === '/b.yaml' ? await new Promise(() => {}) : { bytes: Buffer.from(GOOD), etag: undefined }
    made.follow()
    await until('it is composed', () => made.published.length > 0)
    assert.deepEqual(made.paths(), ['/a/x'])
  })
})
