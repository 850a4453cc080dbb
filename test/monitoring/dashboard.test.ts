import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { exposedFamilies } from './exposed-families.ts'
import { assertPromtool } from './promtool.ts'
import { MONITORING, readRules } from './rules-file.ts'
import { assertKnown, vocabulary } from './vocabulary.ts'

interface Target {
  readonly expr: string
  readonly legendFormat: string
  readonly refId: string
  readonly datasource: { readonly uid: string }
}

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly Target[]
}

interface Dashboard {
  readonly uid: string
  readonly panels: readonly Panel[]
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: unknown }[]
  }
  readonly annotations: { readonly list: readonly { readonly expr: string }[] }
}

const DASHBOARD = JSON.parse(
  await readFile(join(MONITORING, 'grafana/dashboards/xecureapi.json'), 'utf8')
) as Dashboard
const PANELS = DASHBOARD.panels.filter(({ type }) => type !== 'row')
const TARGETS = PANELS.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })))

/** With Grafana's variables replaced by what they could be. */
function expanded(expression: string): string {
  return expression.replaceAll('$__rate_interval', '1m').replaceAll(/\$\w+/g, 'x')
}

suite('the dashboard', () => {
  test('is laid out without gaps and overlaps, each panel with an id of its own', () => {
    assert.equal(new Set(DASHBOARD.panels.map(({ id }) => id)).size, DASHBOARD.panels.length)
    const taken = new Set<string>()
    for (const { title, gridPos } of DASHBOARD.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        assert.ok(x < 24, `${title} is too wide`)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.ok(!taken.has(`${x} ${y}`), `${title} overlaps`)
          taken.add(`${x} ${y}`)
        }
      }
    }
    const height = Math.max(...DASHBOARD.panels.map(({ gridPos }) => gridPos.y + gridPos.h))
    assert.equal(taken.size, 24 * height)
  })

  test('has the rows and variables that the documentation names', async () => {
    const docs = await readFile(join(MONITORING, '../docs/metrics.md'), 'utf8')
    for (const { title } of DASHBOARD.panels.filter(({ type }) => type === 'row')) {
      assert.ok(docs.includes(`| ${title} |`), title)
    }
    const names = DASHBOARD.templating.list.map(({ name }) => name)
    assert.deepEqual(names, ['datasource', 'job', 'instance', 'route', 'group'])
    for (const name of names) assert.ok(docs.includes(`\`${name}\``), name)
  })

  test('every panel asks the chosen Prometheus, in PromQL', async (t) => {
    for (const { title, datasource } of TARGETS) assert.equal(datasource.uid, '${datasource}', title)
    for (const { title, targets } of PANELS) assert.ok(targets && targets.length > 0, title)
    const asked = [...TARGETS.map(({ expr }) => expr), ...DASHBOARD.annotations.list.map(({ expr }) => expr)]
    const rules = asked.map((expr, index) => ({ record: `panel:${index}`, expr: expanded(expr) }))
    const file = stringify({ groups: [{ name: 'dashboard', rules }] })
    const folder = await temporaryFolder(t, { 'rules.yml': file })
    await assertPromtool('check', 'rules', join(folder, 'rules.yml'))
  })

  test('asks only for metrics that there are, by labels that they have', async (t) => {
    const recorded = (await readRules()).flatMap(({ record }) => record ?? [])
    const known = await vocabulary(t, recorded)
    for (const { title, expr, legendFormat } of TARGETS) {
      const labels = assertKnown(expanded(expr), known)
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
        assert.ok(labels.has(label), `${title}: nothing has a label ${label}`)
      }
    }
    for (const { expr } of DASHBOARD.annotations.list) assertKnown(expanded(expr), known)
    for (const { name, type, query } of DASHBOARD.templating.list) {
      if (type !== 'query') continue
      const { query: text } = query as { query: string }
      const [, expr = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(text) ?? []
      assert.ok(assertKnown(expanded(expr), known).has(label), name)
    }
  })

  test('leaves no metric of the gateway unseen', async (t) => {
    const rules = (await readRules()).map(({ expr }) => expr)
    const asked = [...rules, ...TARGETS.map(({ expr }) => expr), JSON.stringify(DASHBOARD.templating)].join(
      '\n'
    )
    const unseen = (await exposedFamilies(t)).filter(
      ({ name }) => !new RegExp(`\\b${name}(?:_bucket|_sum|_count)?\\b`).test(asked)
    )
    // Which generation serves is for those who debug a reload.
    assert.deepEqual(
      unseen.map(({ name }) => name),
      ['xecureapi_generation']
    )
  })
})

suite('what provisions Grafana', () => {
  test('names the Prometheus and the folder of the dashboards that docker-compose.yml has', async () => {
    const read = async (path: string): Promise<unknown> =>
      parse(await readFile(join(MONITORING, path), 'utf8'), { merge: true }) as unknown
    const { datasources } = (await read('grafana/provisioning/datasources/prometheus.yml')) as {
      datasources: { type: string; url: string }[]
    }
    const { providers } = (await read('grafana/provisioning/dashboards/xecureapi.yml')) as {
      providers: { options: { path: string } }[]
    }
    const { services } = (await read('../docker-compose.yml')) as {
      services: { prometheus: unknown; grafana: { volumes: string[] } }
    }
    assert.deepEqual(
      datasources.map(({ type, url }) => ({ type, url })),
      [{ type: 'prometheus', url: 'http://prometheus:9090' }]
    )
    assert.ok(services.prometheus)
    const { path } = providers[0]!.options
    assert.ok(services.grafana.volumes.includes(`./monitoring/grafana/dashboards:${path}:ro`))
    assert.ok(
      services.grafana.volumes.includes('./monitoring/grafana/provisioning:/etc/grafana/provisioning:ro')
    )
  })
})
