import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLoadReport, readUtilization, takeLoadReports } from '../../src/forwarding/load-report.ts'
import { fields } from './fields.ts'

test('a report is text or JSON', () => {
  assert.equal(readUtilization('TEXT cpu_utilization=0.3, rps_fractional=12, named_metrics.x=1'), 0.3)
  assert.equal(readUtilization('TEXT rps_fractional=12,cpu_utilization=.25'), 0.25)
  assert.equal(readUtilization('cpu_utilization:3e-1,named_metrics.a:b:7'), undefined)
  assert.equal(readUtilization('cpu_utilization:3e-1,named_metrics.a:7'), 0.3)
  assert.equal(readUtilization('JSON {"cpu_utilization": 0.3, "named_metrics": {"x": 1}}'), 0.3)
  assert.equal(readUtilization('JSON {"cpuUtilization":0.4,"rpsFractional":12}'), 0.4)
})

test('what the application says counts more than the CPU, if it says something', () => {
  assert.equal(readUtilization('TEXT cpu_utilization=0.3,application_utilization=0.9'), 0.9)
  assert.equal(readUtilization('TEXT application_utilization=0,cpu_utilization=0.3'), 0.3)
  assert.equal(readUtilization('JSON {"application_utilization":0.9,"cpu_utilization":0.3}'), 0.9)
})

test('it is kept between 0 and 1', () => {
  assert.equal(readUtilization('TEXT cpu_utilization=1.7'), 1)
  assert.equal(readUtilization('TEXT cpu_utilization=-1'), 0)
  assert.equal(readUtilization('TEXT cpu_utilization=0'), 0)
})

test('what can not be read is no report', () => {
  for (const report of [
    '',
    'TEXT',
    'TEXT ',
    'TEXT cpu_utilization',
    'TEXT cpu_utilization=',
    'TEXT cpu_utilization=NaN',
    'TEXT cpu_utilization=1e999',
    'TEXT cpu_utilization=0x1',
    'TEXT cpu_utilization=0.3,,',
    'TEXT cpu_utilization=0.3 0.4',
    'TEXT rps_fractional=12',
    'JSON ',
    'JSON null',
    'JSON 0.3',
    'JSON [0.3]',
    'JSON {"cpu_utilization":"0.3"}',
    'JSON {"cpu_utilization":1e999}',
    'JSON {"cpu_utilization":0.3',
    'JSON {"rps_fractional":12}',
    'BIN CQAAAAAAAOA/',
    `TEXT cpu_utilization=0.3,named_metrics.${'x'.repeat(5000)}=1`
  ])
    assert.equal(readUtilization(report), undefined, report.slice(0, 60))
})

test('all of its fields are known, and one is read', () => {
  assert.ok(isLoadReport('endpoint-load-metrics'))
  assert.ok(isLoadReport('endpoint-load-metrics-bin'))
  assert.ok(!isLoadReport('endpoint-load'))
  const reports: number[] = []
  const headers = fields(
    'Content-Type: text/plain',
    'Endpoint-Load-Metrics: TEXT cpu_utilization=0.3',
    'endpoint-load-metrics-bin: TEXT cpu_utilization=0.4',
    'endpoint-load-metrics: nonsense'
  )
  takeLoadReports(headers, { report: (utilization) => reports.push(utilization) })
  assert.deepEqual(reports, [0.3])
})
