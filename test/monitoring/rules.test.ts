import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { parse } from 'yaml'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { assertPromtool } from './promtool.ts'
import { exposedFamilies } from './exposed-families.ts'
import { MONITORING, readRules } from './rules-file.ts'
import { assertKnown, vocabulary } from './vocabulary.ts'

const RULES = await readRules()
const ALERTS = RULES.filter(({ alert }) => alert !== undefined)
const RECORDED = RULES.flatMap(({ record }) => record ?? [])

suite('the configuration of Prometheus', () => {
  test('is one, rules included', async () => {
    await assertPromtool('check', 'config', '--syntax-only', join(MONITORING, 'prometheus.yml'))
    await assertPromtool('check', 'rules', '--lint=all', '--lint-fatal', join(MONITORING, 'rules.yml'))
  })

  test('every alert fires when it should, not before, and nothing else does', async () => {
    await assertPromtool('test', 'rules', join(MONITORING, 'rules.test.yml'))
    const tests = await readFile(join(MONITORING, 'rules.test.yml'), 'utf8')
    const untested = ALERTS.filter(({ alert }) => !tests.includes(alert!))
    assert.deepEqual(untested, [])
  })

  test('its tests evaluate the groups of rules in the order of the file', async () => {
    const read = async (name: string): Promise<unknown> =>
      parse(await readFile(join(MONITORING, name), 'utf8')) as unknown
    const { groups } = (await read('rules.yml')) as { groups: { name: string }[] }
    const { group_eval_order: order } = (await read('rules.test.yml')) as { group_eval_order: string[] }
    assert.deepEqual(
      order,
      groups.map(({ name }) => name)
    )
  })

  test('asks only for metrics that the gateway has, by labels that they have', async (t) => {
    const known = await vocabulary(t, RECORDED)
    for (const { record, expr } of RULES) {
      const labels = assertKnown(expr, known)
      if (record === undefined) continue
      const promised = [...known.get(record)!].filter((label) => !labels.has(label))
      assert.deepEqual(promised, [], `${record} has not all labels that its name says`)
    }
  })

  test('every alert says what is so, what to look at, and how urgent it is', async (t) => {
    const names = new Set((await exposedFamilies(t)).map(({ name }) => name))
    for (const { alert, labels, annotations } of ALERTS) {
      assert.match(labels?.['severity'] ?? '', /^(?:page|ticket|info)$/, alert)
      assert.ok(annotations?.['summary'], alert)
      const description = annotations?.['description'] ?? ''
      const named = description.match(/`(?:xecureapi|process|up)\w*/g) ?? []
      assert.ok(named.length > 0, `${alert} names no metric`)
      for (const name of description.match(/\bxecureapi_\w+/g) ?? []) {
        assert.ok(names.has(name), `${alert} names ${name}`)
      }
    }
  })

  test('a wrong expression is found', async (t) => {
    const known = await vocabulary(t, RECORDED)
    assert.throws(() => assertKnown('rate(xecureapi_request_total[5m])', known), /no xecureapi_request_total/)
    assert.throws(() => assertKnown('xecureapi_panic{route="a"}', known), /no label route/)
    assert.throws(() => assertKnown('sum by (route) (xecureapi_panic)', known), /label route/)
    const rules = 'groups: [{ name: a, rules: [{ record: b, expr: "sum(" }] }]'
    const folder = await temporaryFolder(t, { 'rules.yml': rules })
    await assert.rejects(assertPromtool('check', 'rules', join(folder, 'rules.yml')), /parse error/)
  })
})
