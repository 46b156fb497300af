package mp

// progressBar shows how far a call of a pool is. A nil one shows nothing.
type progressBar struct{}

func (b *progressBar) add(int) {}
func (b *progressBar) end()    {}
