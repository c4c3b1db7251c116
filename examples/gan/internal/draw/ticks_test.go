package draw

import "testing"

func TestRoundTicks(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		unit      string
		want      []string
	}{
		{0, 6500, "", []string{"0", "2000", "4000", "6000"}},
		{0, 12000, "", []string{"0", "2000", "4000", "6000", "8000", "10000", "12000"}},
		{240, 30000, "", []string{"5000", "10000", "15000", "20000", "25000", "30000"}},
		{0, 100, "%", []string{"0%", "20%", "40%", "60%", "80%", "100%"}},
		{-5, 5, "", []string{"-4", "-2", "0", "2", "4"}},
		{-5.01, 5.01, "", []string{"-4", "-2", "0", "2", "4"}},
		{0.53, 1.23, "", []string{"0.6", "0.8", "1", "1.2"}},
		{-0.3, 0.3, "", []string{"-0.3", "-0.2", "-0.1", "0", "0.1", "0.2", "0.3"}},
		{1e-7, 5.5e-7, "", []string{"1e-07", "2e-07", "3e-07", "4e-07", "5e-07"}},
		{7, 7, "", nil},
	} {
		ticks := roundTicks{test.unit}.Ticks(test.low, test.high)
		if len(ticks) != len(test.want) {
			t.Errorf("from %v to %v: %v, want %v", test.low, test.high, ticks, test.want)
			continue
		}
		for i, tick := range ticks {
			if tick.Label != test.want[i] {
				t.Errorf("from %v to %v: tick %d is %q, want %q", test.low, test.high, i, tick.Label, test.want[i])
			}
		}
	}
}
