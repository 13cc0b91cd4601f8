// Package docker tests the containers: it types the deployment guide's commands as they stand, against the image
// and the compose files of the folder docker, and looks at what comes out.
//
//	go test ./testsuite/docker -run TestDockerDeployment/docker_topology      one group
//	make testsuite GROUP=docker_topology                                      the same
//	make testsuite GROUP=TestDockerDeployment                                 all of them
//
// Groups: docker_topology, docker_validations, load_testing, performance_measurement, stress_testing, failure_recovery. One cluster is made for all groups of a run; it
// takes the guide's names and addresses, so where these are in use the test says SKIP and whose they are. Ports are
// published on 127.26.0.1, an address of loopback that nothing else here uses. What the test made it removes, and
// an image of the same tag that was there before gets its tag back.
//
// Without an engine that answers the groups load_testing, performance_measurement and stress_testing run on processes, and
// the others say SKIP; so do all with go test -short. ERLMCP_DOCKER_IMAGE names an image to take in place of building one.
// ERLMCP_DOCKER=long runs the load groups with the guide's connections and times, about twelve minutes, and with them
// the blocks of docs/deployment.md and the stages of docker-benchmark.sh on containers.
//
// The other tests need no engine: every metric and label in dashboards and rules exists, and promtool, where it is
// installed or can be fetched, checks the rules and runs their unit tests.
package docker
