package load

// Order is a line to a worker: one of its fields is set, Options first of all.
type Order struct {
	Options *Options `json:"options,omitempty"`
	Connect *Connect `json:"connect,omitempty"`
	Load    *Load    `json:"load,omitempty"`
}

// Saying is a line of a worker: one of its fields is set. Each order has one of Started, Connected, Loaded
// and Error; points come in between.
type Saying struct {
	Started   bool           `json:"started,omitempty"`
	Connected *ConnectResult `json:"connected,omitempty"`
	Loaded    *LoadResult    `json:"loaded,omitempty"`
	Point     *Point         `json:"point,omitempty"`
	Error     string         `json:"error,omitempty"`
}
