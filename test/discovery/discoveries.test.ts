import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DiscoveryConfig } from '../../src/config/types.ts'
import type { DiscoveryListener } from '../../src/discovery/provider.ts'
import { Discoveries } from '../../src/membership/discoveries.ts'

const FILE: DiscoveryConfig = { type: 'file', path: '/backends.yaml' }

test('how the discovery of a group goes is known for as long as it discovers', () => {
  const listeners: DiscoveryListener[] = []
  const discoveries = new Discoveries({
    create: () => ({ start: (listener) => void listeners.push(listener), stop: () => {} }),
    onBackends: () => {},
    onStatus: () => {}
  })
  discoveries.follow([{ name: 'plain' }, { name: 'found', discovery: FILE }])
  assert.deepEqual([...discoveries.reasons], [['found', undefined]])
  listeners[0]!.onStatus({ reason: 'enoent' })
  listeners[0]!.onStatus({ reason: 'invalid' })
  assert.deepEqual([...discoveries.reasons], [['found', 'invalid']])
  listeners[0]!.onStatus({})
  assert.deepEqual([...discoveries.reasons], [['found', undefined]])

  // Another source knows nothing of how the last one went.
  listeners[0]!.onStatus({ reason: 'invalid' })
  discoveries.follow([{ name: 'found', discovery: { ...FILE, path: '/others.yaml' } }])
  assert.deepEqual([...discoveries.reasons], [['found', undefined]])
  discoveries.follow([{ name: 'found' }])
  assert.deepEqual([...discoveries.reasons], [])
})
