import { expect, test } from 'vitest'
import { drawTerminal } from './terminal-picture.mjs'

test('a session becomes text that cannot leave the picture', () => {
  const svg = drawTerminal('$ mayfly log web\r\n\u001B[31m<script>alert("&")</script>\u001B[0m\nMAYFLY READY 2.1\n', 'A "title"')
  expect(svg).toContain('&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;')
  expect(svg).toContain('aria-label="A &quot;title&quot;"')
  expect(svg.match(/<text /g)).toHaveLength(3)
  expect(svg).not.toMatch(/\u001B|<script/)
})
