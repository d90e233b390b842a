/** Tags of a machine; the first is its group in the list. */
import { X } from 'lucide-react'
import { useState } from 'react'
import type { MachineDetails } from '../../../contract/machine.ts'
import { engine } from '../../state/connection.ts'
import { useChange } from '../../state/use-change.ts'
import { text } from '../../text/text.ts'
import { IconButton } from '../../ui/button.tsx'
import { TextField } from '../../ui/text-field.tsx'

export function Tags({ details, tags }: { readonly details: MachineDetails; readonly tags: readonly string[] }): React.ReactNode {
  const [draft, setDraft] = useState('')
  const { change, problem } = useChange()
  const set = (next: readonly string[]): Promise<boolean> => change(text.overview.changeTags, () => engine.machine.set({ machine: details.id, tags: [...next] }))
  return (
    <section>
      <h2 className="mf-h">{text.overview.tags}<small>{text.overview.tagsMore}</small></h2>
      <div className="ov-tags">
        {tags.map((tag) => <span key={tag} className="ov-tag">{tag}<IconButton size="small" icon={X} name={text.overview.removeTag(tag)} onClick={() => void set(tags.filter((other) => other !== tag))} /></span>)}
        <form onSubmit={(event) => {
          event.preventDefault()
          const tag = draft.trim()
          if (tag !== '' && !tags.includes(tag)) void set([...tags, tag]).then((done) => (done ? setDraft('') : undefined))
        }}>
          <TextField hideLabel label={text.overview.addTag} placeholder={text.overview.addTag} value={draft} error={problem?.error.message} onChange={setDraft} />
        </form>
      </div>
    </section>
  )
}
