// Runs a Jenkinsfile as far as `bookci ci jenkins` uses the pipeline language:
// the file is compiled by Groovy, its steps run in this folder, and what it
// keeps is copied to $JENKINS_KEPT. A step that is not known here ends the run.
//
//	groovy jenkins.groovy Jenkinsfile CAUSE
//
// CAUSE is what started the job, such as SCMTrigger or TimerTrigger.
import org.codehaus.groovy.control.CompilerConfiguration

abstract class Pipeline extends Script {
    List<String> asked = [] // blocks and options, to be checked at the end
    boolean failed = false
    boolean wanted = true // whether the stage is for this cause

    private void block(String name, Closure body) {
        asked << name
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body.delegate = this
        body()
    }

    void pipeline(Closure body) {
        block('pipeline', body)
        for (needed in ['agent', 'stages', 'steps']) {
            if (!asked.contains(needed)) { throw new IllegalStateException("the pipeline has no ${needed}") }
        }
        println "jenkins: ${failed ? 'FAILURE' : 'SUCCESS'}"
        System.exit(failed ? 1 : 0)
    }

    void agent(Closure body) { block('agent', body) }
    void label(String name) { println "jenkins: on an agent ${name}" }
    void options(Closure body) { block('options', body) }
    void timeout(Map m) { assert m.time > 0 && m.unit in ['SECONDS', 'MINUTES', 'HOURS'] }
    void disableConcurrentBuilds() {}
    void buildDiscarder(Map m) { assert m.numToKeepStr.isInteger() }
    Map logRotator(Map m) { m }

    void triggers(Closure body) { block('triggers', body) }
    void cron(String when) { assert when.split(' ').length == 5: "no time of the week: ${when}" }

    // Steps come after when, so what when finds is known by then.
    void when(Closure body) { wanted = condition(body) }
    private boolean condition(Closure body) {
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body.delegate = this
        body()
    }
    boolean not(Closure body) { !condition(body) }
    boolean triggeredBy(String cause) { cause == binding.cause }

    void stages(Closure body) { block('stages', body) }
    void stage(String name, Closure body) {
        if (failed) {
            println "jenkins: stage ${name} is skipped"
            return
        }
        println "jenkins: stage ${name}"
        wanted = true
        try {
            block('stage', body)
        } catch (StepFailed e) {
            println "jenkins: stage ${name} failed: ${e.message}"
            failed = true
        }
    }
    void steps(Closure body) {
        if (wanted) { block('steps', body) } else { println "jenkins: the stage is not for ${binding.cause}" }
    }
    void post(Closure body) { block('post', body) }
    void always(Closure body) { block('always', body) }
    void success(Closure body) { if (!failed) { block('success', body) } }
    void failure(Closure body) { if (failed) { block('failure', body) } }

    void sh(String script) {
        def status = new ProcessBuilder('sh', '-xe', '-c', script).inheritIO().start().waitFor()
        if (status != 0) { throw new StepFailed("script returned exit code ${status}") }
    }

    void junit(Map m) {
        def pattern = new File(m.testResults)
        assert !pattern.path.replaceFirst(/\*\.xml$/, '').contains('*'): "of patterns, only *.xml is known here: ${pattern}"
        def reports = pattern.name == '*.xml' ? (pattern.parentFile.listFiles() ?: []).findAll { it.name.endsWith('.xml') } : [pattern]
        reports = reports.findAll { it.exists() }
        for (report in reports) { keep('junit', report.path) }
        if (!reports && !m.allowEmptyResults) {
            throw new StepFailed("no test report ${m.testResults}")
        }
    }

    void archiveArtifacts(Map m) {
        def found = false
        for (pattern in m.artifacts.split(/,\s*/)) {
            assert pattern.endsWith('/**'): "of patterns, only whole folders are known here: ${pattern}"
            def folder = pattern[0..<-3]
            if (new File(folder).isDirectory()) {
                keep('archive', folder)
                found = true
            }
        }
        if (!found && !m.allowEmptyArchive) { throw new StepFailed('nothing to archive') }
    }

    private void keep(String kind, String path) {
        def to = new File(System.getenv('JENKINS_KEPT'), "${kind}/${path}")
        to.parentFile.mkdirs()
        assert new ProcessBuilder('cp', '-R', path, to.path).inheritIO().start().waitFor() == 0
    }
}

class StepFailed extends Exception {
    StepFailed(String message) { super(message) }
}

def config = new CompilerConfiguration(scriptBaseClass: Pipeline.name)
new GroovyShell(this.class.classLoader, new Binding(cause: args[1]), config).evaluate(new File(args[0]))
throw new IllegalStateException('the file has no pipeline')
