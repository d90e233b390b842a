/** Asks for files: with the desktop's own dialog where there is one, else with the browser's, or by a path. */
import { FolderOpen, X } from 'lucide-react'
import { useRef, useState } from 'react'
import { Button, IconButton } from './button.tsx'
import { TextField } from './text-field.tsx'

interface FileChooserProps {
  readonly words: { readonly choose: string; readonly byPath: string; readonly path: string; readonly add: string; readonly pathBad: string; readonly notByPath: string }
  readonly accept: string
  /** The desktop's own dialog; absent in a browser. */
  readonly onAsk?: (() => void) | undefined
  readonly onFiles: (files: readonly File[]) => void
  readonly onPath: (path: string) => void
}

export function FileChooser({ words, accept, onAsk, onFiles, onPath }: FileChooserProps): React.ReactNode {
  const input = useRef<HTMLInputElement>(null)
  const [path, setPath] = useState<string>()
  const [bad, setBad] = useState(false)
  if (path !== undefined) {
    return (
      <form
        className="mf-file-path"
        onSubmit={(event) => {
          event.preventDefault()
          const wanted = path.trim()
          setBad(!wanted.startsWith('/'))
          if (!wanted.startsWith('/')) return
          onPath(wanted)
          setPath(undefined)
        }}
      >
        <TextField className="mf-grow" label={words.path} hideLabel placeholder={words.path} value={path} error={bad ? words.pathBad : undefined} autoFocus onChange={setPath} />
        <Button type="submit">{words.add}</Button>
        <IconButton icon={X} name={words.notByPath} onClick={() => setPath(undefined)} />
      </form>
    )
  }
  return (
    <span className="mf-row">
      <Button icon={FolderOpen} onClick={() => (onAsk === undefined ? input.current?.click() : onAsk())}>{words.choose}</Button>
      {onAsk === undefined ? <Button look="quiet" onClick={() => setPath('')}>{words.byPath}</Button> : null}
      <input
        ref={input}
        type="file"
        accept={accept}
        multiple
        hidden
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])])
          target.value = ''
        }}
      />
    </span>
  )
}
