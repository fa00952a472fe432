package defender

// Tracking is how an action is followed: which kind of thing the POST creates. The
// zero value is none, and is refused everywhere. It is the word of the API's paths.
type Tracking string

const (
	// TrackMachineActions follows a machine action.
	TrackMachineActions Tracking = "machineactions"
	// TrackInvestigations follows an automated investigation.
	TrackInvestigations Tracking = "investigations"
)

// Endpoint is where what is followed is read; the zero Endpoint for an invalid Tracking.
func (t Tracking) Endpoint() Endpoint {
	switch t {
	case TrackMachineActions:
		return MachineActionsEndpoint()
	case TrackInvestigations:
		return InvestigationsEndpoint()
	default:
		return Endpoint{}
	}
}

// readRole is the smallest application role that lets it be read. An application
// that may start investigations (Alert.ReadWrite.All) may read them as well.
func (t Tracking) readRole() string {
	if t == TrackInvestigations {
		return "Alert.Read.All"
	}
	return "Machine.Read.All"
}
