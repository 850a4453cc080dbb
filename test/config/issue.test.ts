import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ConfigError, displayFile, formatIssue, type ConfigIssue } from '../../src/config/issue.ts'

function issue(file: string, line: number, path = 'x'): ConfigIssue {
  return { file, line, path, message: 'expected y' }
}

suite('errors of a configuration', () => {
  test('are one line each', () => {
    assert.equal(formatIssue(issue('gateway.yaml', 7)), 'gateway.yaml:7: x: expected y')
  })

  test('come by file, line and path in one message', () => {
    const error = new ConfigError([
      issue('b', 2),
      issue('a', 10),
      issue('b', 1),
      issue('a', 9, 'z'),
      issue('a', 9)
    ])
    assert.deepEqual(error.message.split('\n'), [
      'a:9: x: expected y',
      'a:9: z: expected y',
      'a:10: x: expected y',
      'b:1: x: expected y',
      'b:2: x: expected y'
    ])
    assert.deepEqual(error.message.split('\n'), error.issues.map(formatIssue))
    assert.equal(error.name, 'ConfigError')
  })

  test('name a file relative to the folder that it is below', () => {
    assert.equal(displayFile('/srv/gateway.yaml', '/srv'), 'gateway.yaml')
    assert.equal(displayFile('/srv/conf/gateway.yaml', '/srv'), 'conf/gateway.yaml')
    assert.equal(displayFile('/srv/..conf/gateway.yaml', '/srv'), '..conf/gateway.yaml')
    assert.equal(displayFile('/etc/gateway.yaml', '/srv'), '/etc/gateway.yaml')
    assert.equal(displayFile('/srv2/gateway.yaml', '/srv'), '/srv2/gateway.yaml')
    assert.equal(displayFile('/srv', '/srv'), '/srv')
  })
})
