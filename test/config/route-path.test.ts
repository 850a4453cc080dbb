import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { checkRewrite, parseRoutePath } from '../../src/config/route-path.ts'

suite('the path of a route', () => {
  test('is kept, without a slash at the end', () => {
    const paths = {
      '/': '/',
      '/api': '/api',
      '/api/': '/api',
      '/api/v1.2/caf%C3%A9': '/api/v1.2/caf%C3%A9',
      "/a-b_c~d!$&'()+,;=e@f:g": "/a-b_c~d!$&'()+,;=e@f:g",
      '/...': '/...',
      '/.well-known': '/.well-known'
    }
    for (const [text, path] of Object.entries(paths))
      assert.deepEqual(parseRoutePath(text), { path, params: [] })
  })

  test('has parameters, which are whole segments', () => {
    assert.deepEqual(parseRoutePath('/:a/b/:c_1/d:e/'), { path: '/:a/b/:c_1/d:e', params: ['a', 'c_1'] })
  })
})

suite('the rewrite of a route', () => {
  test('may use the parameters of the path, in any order', () => {
    assert.equal(checkRewrite('/:b/x/:a/', ['a', 'b']), undefined)
    assert.equal(checkRewrite('/', []), undefined)
  })

  test('is judged without them when the path is wrong itself', () => {
    assert.equal(checkRewrite('/:b', undefined), undefined)
    assert.equal(checkRewrite('/..', undefined), 'a path without "." and ".." segments')
  })
})
