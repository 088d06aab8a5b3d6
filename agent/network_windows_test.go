package agent

import (
	"context"
	"testing"
	"time"
)

// TestWatchNetworkEnds holds that Windows can be asked, and let go again. What it
// tells is not tested: that would take another network.
func TestWatchNetworkEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := watchNetwork(ctx, func() { t.Log("the network of this machine changes just now") }); err != nil {
		t.Error(err)
	}
}
